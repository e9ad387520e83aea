import pytest
from django.utils import translation

from portal.signin.openid.faults import Fault, SignInFailed, words_for


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_words_in_both_languages(fault):
    english = words_for(fault)
    with translation.override("de"):
        german = words_for(fault)
    assert english.heading
    assert english.what
    assert (german.heading, german.what) != (english.heading, english.what)
    assert "%(" not in f"{english}{german}"
    assert 400 <= fault.status < 600
    assert fault.status != 500


def test_failure_is_written_to_the_log_as_its_fault_and_detail():
    failed = SignInFailed(Fault.TOKEN_REFUSED, "unknown key")
    assert str(failed) == "token_refused: unknown key"
