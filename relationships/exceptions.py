from portal.foundation.exceptions import TransitionNotAllowed

__all__ = ["TransitionNotAllowed"]
