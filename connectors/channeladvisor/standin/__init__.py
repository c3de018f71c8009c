"""What the ChannelAdvisor stand-in is made of, and the orders that it offers."""
