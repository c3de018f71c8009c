"""The pages on which people read, change, try and publish mappings and lookup tables."""

from mappings.admin.entry import EntryAdmin
from mappings.admin.mapping import MappingAdmin
from mappings.admin.table import TableAdmin

__all__ = ["EntryAdmin", "MappingAdmin", "TableAdmin"]
