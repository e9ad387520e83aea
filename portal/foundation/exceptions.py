class TransitionNotAllowed(Exception):
    """The object's state does not allow this verb now; the text says why.

    `code` is the name of the rule, where the refusal is one's.
    """

    def __init__(self, message: object = "", code: str = "") -> None:
        super().__init__(message)
        self.code = code
