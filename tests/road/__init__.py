"""The whole road: real processes, real servers, real HTTP between both stand-ins."""
