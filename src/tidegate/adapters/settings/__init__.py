"""Settings: one immutable model, merged from defaults, a file, the environment and arguments."""

from tidegate.adapters.settings.model import Profile, Settings
from tidegate.adapters.settings.store_url import MemoryStoreUrl, SqliteStoreUrl, StoreUrl

__all__ = ["MemoryStoreUrl", "Profile", "Settings", "SqliteStoreUrl", "StoreUrl"]
