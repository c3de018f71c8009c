"""The reconciliation's tasks for the queue. Arguments are ids; losing a task or running it twice does no harm."""
