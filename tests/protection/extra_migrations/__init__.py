"""Migrations of `subscriptions` that no release has: each package is one way to go on.

A package lends the app's own migrations and adds one after the last of them.
"""

import pkgutil

from subscriptions import migrations

OWN = list(migrations.__path__)
LAST = max(module.name for module in pkgutil.iter_modules(OWN))
