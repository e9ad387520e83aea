from .. import OWN

__path__ = [*__path__, *OWN]
