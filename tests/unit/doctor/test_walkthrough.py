from doctor import walkthrough
from doctor.address import IngressAddress
from doctor.client import Answer

ADDRESS = IngressAddress("10.77.0.2", {"http": 30080, "https": 30443}, "test")


def asked(hosts):
    return [(check.target.url, check.expected, check.ca) for check in walkthrough.checks({"hosts": hosts}, ADDRESS)]


def test_each_kind_of_host_is_asked_for_its_answer_and_its_negative():
    assert asked({"http": ["httpbin.example.com"]}) == [
        ("http://httpbin.example.com:30080/status/200", "200 HTTP/1.1", ""),
        ("http://httpbin.example.com:30080/headers", "404 HTTP/1.1", ""),
    ]
    assert asked({"tls": ["httpbin.example.com"]}) == [
        ("https://httpbin.example.com:30443/status/418", "418 HTTP/2", "ca.crt"),
        ("https://httpbin.example.com:30443/status/418", "refused", "another-ca.crt"),
    ]


def test_a_component_that_is_not_in_the_stack_asks_for_nothing():
    assert asked({"mutual": []}) == []
    assert walkthrough.checks({}, ADDRESS) == []


def test_a_standard_port_is_left_out_of_the_url():
    address = IngressAddress("192.0.2.7", {"http": 80, "https": 443}, "test")
    (first, _) = walkthrough.checks({"hosts": {"http": ["a.example.com"]}}, address)
    assert first.target.url == "http://a.example.com/status/200"


def test_a_wrong_answer_is_called_wrong_with_what_was_seen():
    check = walkthrough.checks({"hosts": {"tls": ["httpbin.example.com"]}}, ADDRESS)[1]
    accepted = walkthrough.Result(check, Answer(418, "HTTP/2", "teapot"), "curl …")
    refused = walkthrough.Result(check, Answer(refused="certificate verify failed"), "curl …")
    assert (accepted.is_right, refused.is_right) == (False, True)
    assert "WRONG teapot" in walkthrough.table([accepted])
    assert "WRONG" not in walkthrough.table([refused])


def test_the_right_status_with_the_wrong_body_is_wrong():
    check = walkthrough.checks({"hosts": {"tls": ["helloworld.example.com"]}}, ADDRESS)[0]
    assert not walkthrough.Result(check, Answer(200, "HTTP/2", "somebody else"), "").is_right
    assert walkthrough.Result(check, Answer(200, "HTTP/2", "Hello version: v1, instance: x\n"), "").is_right


def test_a_wrong_answer_is_asked_for_again_while_there_is_patience(monkeypatch, tmp_path):
    answers = iter([Answer(refused="connection reset"), Answer(503, "HTTP/1.1"), Answer(200, "HTTP/1.1")])
    monkeypatch.setattr(walkthrough, "send", lambda *_, **__: next(answers))
    monkeypatch.setattr(walkthrough, "POLL_SECONDS", 0.0)
    check = walkthrough.checks({"hosts": {"http": ["httpbin.example.com"]}}, ADDRESS)[0]
    (result,) = walkthrough.run([check], {}, tmp_path, patience=10)
    assert (result.is_right, next(answers, None)) == (True, None)


def test_without_patience_the_first_answer_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(walkthrough, "send", lambda *_, **__: Answer(503, "HTTP/1.1"))
    check = walkthrough.checks({"hosts": {"http": ["httpbin.example.com"]}}, ADDRESS)[0]
    assert not walkthrough.run([check], {}, tmp_path)[0].is_right
