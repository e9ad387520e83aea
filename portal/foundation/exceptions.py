class TransitionNotAllowed(Exception):
    """The object's state does not allow this verb now; the text says why."""
