"""Sending to addresses that others choose: over real connections on this machine."""

import socket
import ssl
import threading
from ipaddress import ip_address

import pytest

from portal.foundation import posting
from portal.foundation.posting import Answer, NoAnswer, NotAllowed, place_of, post

from ..jobs.web_server import (
    WebServer,
    drips_head,
    drips_text,
    redirects_to,
    says_nothing,
)
from .certificates import contexts

HOST = "hooks.contoso.example"


@pytest.fixture(autouse=True)
def _patience(settings):
    settings.WEBHOOK_SECONDS = 30
    settings.WEBHOOKS_TO_LOOPBACK = True


@pytest.fixture
def serve():
    servers = []

    def start(*answers, **options):
        servers.append(WebServer(*answers, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class Resolver:
    """Answers in their order, the last one for ever; knows how often it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, host, port):
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def refused(url, **options):
    with pytest.raises(NotAllowed) as caught:
        post(url, b"{}", {}, **options)
    return str(caught.value)


def failed(url, **options):
    with pytest.raises(NoAnswer) as caught:
        post(url, b"{}", {}, **options)
    return str(caught.value)


def test_answer_is_told_with_its_status_and_its_text(serve):
    server = serve(201)
    assert post(server.url("/a?b=c"), b"{}", {"X-Y": "z"}) == Answer(201, "said so")
    [(path, headers, body)] = server.requests
    assert (path, headers["x-y"], body) == ("/a?b=c", "z", b"{}")
    assert headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fd00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::ffff:127.0.0.1"),
        "2001:0:a00:1::",
    ],
)
def test_address_is_refused_when_it_is_not_of_the_internet(settings, address):
    settings.WEBHOOKS_TO_LOOPBACK = False
    assert not posting.is_public(ip_address(address))
    literal = f"[{address}]" if ":" in address else address
    assert "not the Internet" in refused(f"https://{literal}/")
    resolver = Resolver(["93.184.215.14", address])  # one of several is enough
    assert "not the Internet" in refused(f"https://{HOST}/", resolver=resolver)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808"])
def test_address_is_public_when_it_is_of_the_internet(address):
    assert posting.is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        *(f"http://{HOST}/", f"ftp://{HOST}/", "https:///x", "https://", HOST),
        *(f"https://ann@{HOST}/", f"https://ann:secret@{HOST}/", f"https://{HOST}:x/"),
        *(f"https://{'a' * 64}.example/", "https://[::1", "https://a..b/"),
    ],
)
def test_url_is_refused_when_it_is_none_to_send_to(settings, url):
    settings.WEBHOOKS_TO_LOOPBACK = False
    resolver = Resolver(["8.8.8.8"])
    assert refused(url, resolver=resolver)
    assert resolver.asked == []


def test_numbers_that_mean_an_address_are_seen_through(settings):
    settings.WEBHOOKS_TO_LOOPBACK = False
    for host in ("2130706433", "0x7f.1", "127.1"):
        assert "not the Internet" in refused(f"https://{host}/")


def test_name_in_other_letters_is_looked_up_as_the_network_knows_it():
    assert place_of("https://bücher.example/").host == "xn--bcher-kva.example"


def test_name_is_looked_up_once_when_its_answer_changes(serve):
    server = serve(200)
    rebinding = Resolver(["127.0.0.1"], ["10.0.0.1"])
    url = f"http://{HOST}:{server.port}/"
    assert post(url, b"{}", {}, resolver=rebinding).status == 200
    assert rebinding.asked == [HOST]
    assert server.requests[0][1]["host"] == f"{HOST}:{server.port}"
    assert "not the Internet" in refused(url, resolver=rebinding)
    assert len(server.requests) == 1


def test_redirect_to_a_private_address_is_not_followed(serve):
    inner = serve(200)
    outer = serve(redirects_to(inner.url("/secret")))
    assert post(outer.url(), b"{}", {}).status == 307
    assert inner.requests == []


def test_next_address_is_tried_when_the_first_does_not_answer(serve):
    server = serve(200)
    resolver = Resolver(["::1", "127.0.0.1"])
    url = f"http://{HOST}:{server.port}/"
    assert post(url, b"{}", {}, resolver=resolver).status == 200


def test_no_answer_is_told_when_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "connection failed" in failed(f"http://127.0.0.1:{port}/")
    assert "connection failed" in failed(
        f"http://{HOST}:{port}/", resolver=Resolver([])
    )


def test_no_answer_is_told_when_the_name_is_not_known():
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    assert "not known" in failed(f"https://{HOST}/", resolver=unknown)


def test_look_up_that_hangs_is_left_behind_at_the_deadline(settings):
    settings.WEBHOOK_SECONDS = 0.3
    released = threading.Event()

    def hangs(host, port):
        released.wait()
        return ["8.8.8.8"]

    url = f"https://{HOST}/"
    assert failed(url, resolver=hangs) == "No answer within 0.3 seconds."
    released.set()


@pytest.mark.parametrize("answer", [says_nothing, drips_head])
def test_slow_server_is_cut_off_at_the_deadline(serve, settings, answer):
    settings.WEBHOOK_SECONDS = 0.3
    assert failed(serve(answer).url()) == "No answer within 0.3 seconds."


def test_status_counts_when_the_text_never_ends(serve, settings):
    settings.WEBHOOK_SECONDS = 0.3
    assert post(serve(drips_text).url(), b"{}", {}).status == 202


def test_text_is_read_up_to_a_limit(serve):
    flood = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000
    answer = post(serve(flood).url(), b"{}", {})
    assert len(answer.text) == posting.LONGEST_ANSWER


@pytest.mark.parametrize("garbage", [b"\0\xff garbage\r\n\r\n", b"", b"HTTP/1.1 2"])
def test_no_answer_is_told_when_it_is_garbage(serve, garbage):
    assert "does not speak HTTP" in failed(serve(garbage).url())


def test_certificate_is_checked_for_the_name_and_not_for_the_address(serve, tmp_path):
    of_server, trusting = contexts(tmp_path, HOST)
    server = serve(200, context=of_server)
    resolver = Resolver(["127.0.0.1"])
    options = {"resolver": resolver, "context": trusting}
    answer = post(f"https://{HOST}:{server.port}/", b"{}", {}, **options)
    assert answer.status == 200
    assert server.requests[0][1]["host"] == f"{HOST}:{server.port}"
    other = f"https://other.example:{server.port}/"
    assert "certificate is not good" in failed(other, **options)
    assert len(server.requests) == 1


def test_certificate_is_refused_when_nobody_known_has_signed_it(serve, tmp_path):
    of_server, _trusting = contexts(tmp_path, HOST)
    server = serve(200, context=of_server)
    url = f"https://{HOST}:{server.port}/"
    assert "certificate is not good" in failed(url, resolver=Resolver(["127.0.0.1"]))
    assert server.requests == []


def test_server_that_does_not_speak_tls_is_cut_off(serve, settings):
    settings.WEBHOOK_SECONDS = 0.3
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert failed(url) == "No answer within 0.3 seconds."


def test_connection_is_cut_when_the_time_was_over_before_it_stood(settings):
    settings.WEBHOOK_SECONDS = -1
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert "No answer within" in failed(url)


def test_usual_port_is_not_named_in_the_host():
    assert place_of("https://contoso.example").port == 443
    assert place_of("https://contoso.example?x=1").target == "/?x=1"
    assert isinstance(ssl.create_default_context(), ssl.SSLContext)
