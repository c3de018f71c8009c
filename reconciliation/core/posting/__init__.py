"""From a kind of line to its category, and from there to the ERP's account: rules that people own, applied by pure functions."""
