"""Money: settlements, matching and journals."""

import os

# Before pyarrow is loaded, which reads it once: its own allocator keeps what every thread has freed, and memory would grow with files.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
