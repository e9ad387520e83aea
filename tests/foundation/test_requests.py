import uuid

import pytest
from django.http import HttpResponse

from portal.foundation.requests import RequestIdMiddleware, current_request_id


def test_request_has_an_id_while_it_is_answered_and_tells_it(rf):
    seen = []

    def answer(request):
        seen.append(current_request_id())
        return HttpResponse()

    middleware = RequestIdMiddleware(answer)
    responses = [middleware(rf.get("/")) for _time in range(2)]
    assert [response["X-Request-Id"] for response in responses] == seen
    assert len({uuid.UUID(id) for id in seen}) == 2
    assert current_request_id() == ""


def test_request_id_is_forgotten_when_the_answer_fails(rf):
    def fail(request):
        raise LookupError

    with pytest.raises(LookupError):
        RequestIdMiddleware(fail)(rf.get("/"))
    assert current_request_id() == ""
