"""What can go wrong around the log. Each error has a stable code and a message of one line."""

from typing import ClassVar


class EventLogError(Exception):
    """A named fault of the log, its database or its server."""

    code: ClassVar[str] = "log_error"

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class DatabaseUrlInvalid(EventLogError):
    """The database URL cannot be read."""

    code = "database_url_invalid"


class DatabaseUnreachable(EventLogError):
    """The database does not answer, or refuses the connection."""

    code = "database_unreachable"


class DatabaseRefused(EventLogError):
    """The database user lacks a right that the record needs."""

    code = "database_refused"


class DatabaseFull(EventLogError):
    """The server has no room left on its disk. Nothing of the refused write was stored."""

    code = "database_full"


class DatabaseEncoding(EventLogError):
    """The database is not encoded in UTF-8."""

    code = "database_encoding"


class ServerTooOld(EventLogError):
    """The server is older than PostgreSQL 15."""

    code = "server_too_old"


class MigrationChanged(EventLogError):
    """A migration that was applied differs from the file of that number."""

    code = "migration_changed"


class DatabaseNewer(EventLogError):
    """The database was upgraded by a newer Dateline than this one."""

    code = "database_newer"


class OutcomeUnknown(EventLogError):
    """The connection was lost during an append without a key: it may be stored or not."""

    code = "outcome_unknown"


class ErasureListUnusable(EventLogError):
    """The list of erasures outside the database cannot be read or written. Nothing was erased."""

    code = "erasure_list_unusable"


class BackupUnreadable(EventLogError):
    """The file is no backup of a record, or is damaged. Nothing was restored."""

    code = "backup_unreadable"


class RecordNotEmpty(EventLogError):
    """A backup is restored into an empty record, unless it is to be replaced."""

    code = "record_not_empty"


class RecordInUse(EventLogError):
    """Others are connected to the record, which a backup is restored into."""

    code = "record_in_use"


class WrongIsolation(EventLogError):
    """An append was tried in another isolation level than READ COMMITTED."""

    code = "wrong_isolation"


class EntryInvalid(EventLogError):
    """An append was malformed. ``field`` names the part at fault."""

    code = "entry_invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class DataFolderNotWritable(EventLogError):
    """The data folder cannot be made, entered or written."""

    code = "data_folder_not_writable"


class DataFolderInUse(EventLogError):
    """Another program holds the data folder, or it holds something else than our data."""

    code = "data_folder_in_use"


class DataFolderOtherVersion(EventLogError):
    """The data folder was made by another major version of PostgreSQL."""

    code = "data_folder_other_version"


class DataFolderPathTooLong(EventLogError):
    """The data folder's path is too long for a Unix socket."""

    code = "data_folder_path_too_long"


class DataFolderFull(EventLogError):
    """The disk of the data folder is full."""

    code = "data_folder_full"


class ServerNotInstalled(EventLogError):
    """The embedded server's programs are missing from this installation."""

    code = "server_not_installed"


class ServerNotStarted(EventLogError):
    """The embedded server did not start or stop. The message quotes its log."""

    code = "server_not_started"


class ServerUserMissing(EventLogError):
    """Dateline runs as root and no other OS user could be made to run the server."""

    code = "server_user_missing"
