"""The numbers that the reference system gives to refusals, by the rule's name.

A client of that system knows them. What is not here is input that cannot be taken.
"""

INPUT = 2000
NUMBERS = {
    # the relationship and the agreement
    "csp_needs_relationship": 20002,
    "agreement_missing": 13605,
    "region": 20000,
    # seats
    "seat_limits": 2002,
    "seats_not_reducible": 800090,
    "seats_changed_meanwhile": 2055,
    "seats_while_suspended": 800091,
    "seats_fixed": 800095,
    # what cannot be changed, or not any more
    "existing_untouched": 2006,
    "no_transition": 2006,
    "csp_kept": 2006,
    "never_deleted": 2006,
    "people_never_deleted": 2006,
    "supersedes_its_own": 2006,
    "seats_by_entries": 800095,
    "por_untouched": 800098,
    "cancellation_window": 900117,
    "scheduled_change_needs_renewal": 800093,
    "not_renewable": 800093,
    "renewal_over": 800093,
    "renewal_as_it_is": 2006,
    "nothing_scheduled": 2006,
    "subscription_deleted": 2011,
    "status_fixed": 800096,
    "second_person": 600006,
    "approval_waiting": 600006,
    # orders
    "offer": 400018,
    "request_key": 800065,
}


def number_of(code: str) -> int:
    """The number of a refusal's `code`."""
    return NUMBERS.get(code, INPUT)
