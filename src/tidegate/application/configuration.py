"""ConfigurationError: a setting that cannot be used, told in one line that names its key and never its value."""


class ConfigurationError(Exception):
    """Ends the program before anything is traded (C1 to C4).

    `keys` are the settings to look at, as they are written in the file (`risk.max_leverage`). The message is one line,
    and holds no value: a value may be a secret that stands under the wrong key.
    """

    def __init__(self, message: str, keys: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys
