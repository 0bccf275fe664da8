"""`istio-ingress recover` on a stack that an update was killed in."""

import json
import os
import socket

import pytest

from istio_ingress.cli import main
from istio_ingress.pulumi_preview import UNKNOWN
from istio_ingress.recovery import items, providers
from istio_ingress.recovery.providers import Provider
from tests.unit.recovery.fake_tools import OURS, operation

SECRET = operation("creating", "kubernetes:core/v1:Secret", "v1", "web-1", "istio-system")
UPDATING = operation("updating", "kubernetes:core/v1:Secret", "v1", "other", "istio-system")


@pytest.fixture
def recover(pulumi, kubectl, capfd):
    """Run it: exit code, items as (status, kind, what), standard error."""

    def run(*words):
        code = main(["recover", "--cwd", str(pulumi.folder), "--json", *words])
        written = capfd.readouterr()
        report = json.loads(written.out) if written.out else {"exit_code": code, "items": []}
        assert report["exit_code"] == code
        return code, [(item["status"], item["kind"], item["what"]) for item in report["items"]], written.err

    return run


@pytest.mark.parametrize("words", [(), ("--yes",)])
def test_nothing_is_left_after_an_update_that_has_ended(recover, pulumi, words):
    assert recover(*words) == (0, [], "")
    assert pulumi.changes() == []


def test_the_lock_of_a_dead_process_is_shown_and_with_yes_cleared(recover, pulumi):
    pulumi.lock()
    held = f"process 4194303 of me on {socket.gethostname()}, since 2026-11-26T14:00:00"
    assert recover() == (1, [("left", "lock", f"{held}; that process is gone")], "")
    assert pulumi.changes() == []
    code, items, error = recover("--yes")
    assert (code, items) == (0, [("cleared", "lock", held)])
    assert error.startswith("istio-ingress: an earlier update was killed; its lock is cleared.")
    assert pulumi.changes() == ["cancel --yes"]
    assert recover() == (0, [], "")


@pytest.mark.parametrize("holder", [{"pid": os.getppid()}, {"host": "build-7"}], ids=["here", "elsewhere"])
@pytest.mark.parametrize("words", [(), ("--yes",)])
def test_an_update_that_may_be_running_is_left_alone(recover, pulumi, kubectl, holder, words):
    pulumi.lock(**holder)
    pulumi.state(SECRET)
    kubectl.has(web_1=OURS)
    code, items, error = recover(*words)
    assert (code, items) == (2, [])
    assert error.startswith("istio-ingress: the stack is locked by process ")
    assert "if you know that it is gone, `pulumi cancel`" in error
    assert (pulumi.changes(), kubectl.calls()) == ([], [])


@pytest.mark.parametrize("dead", ["a.json", "c.json"], ids=["dead first", "alive first"])
def test_one_living_holder_among_dead_ones_keeps_all_locks(recover, pulumi, dead):
    pulumi.lock(file=dead)
    pulumi.lock(os.getppid(), file="b.json")
    code, items, error = recover("--yes")
    assert (code, items) == (2, [])
    assert error.startswith(f"istio-ingress: the stack is locked by process {os.getppid()} of me")
    assert pulumi.changes() == []


def test_other_stacks_locks_are_theirs(recover, pulumi):
    pulumi.lock(project="blog")
    pulumi.lock(stack="prod")
    assert recover() == (0, [], "")


def test_pending_operations_are_shown_and_with_yes_cleared(recover, pulumi):
    pulumi.state(UPDATING)
    what = "updating kubernetes:core/v1:Secret 'other'"
    assert recover() == (1, [("left", "operation", what)], "")
    assert pulumi.changes() == []
    code, items, error = recover("--yes")
    assert (code, items) == (0, [("cleared", "operation", what)])
    assert "refreshed" in error
    assert pulumi.changes() == ["refresh --yes --skip-preview --clear-pending-creates"]


def test_what_a_recovery_had_yet_to_delete_when_it_was_killed_is_found_again(recover, pulumi, kubectl, monkeypatch):
    pulumi.state(SECRET)
    kubectl.has(web_1=OURS)
    settled = items._settled

    def killed(*arguments):
        yield from settled(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(items, "_settled", killed)
    assert recover("--yes")[0] == 130
    assert json.loads((pulumi.folder / "state.json").read_text())["deployment"].get("pending_operations") is None
    what = "Secret istio-system/web-1, begun 2026-11-26T14:38:12Z: nothing wants it"
    assert recover()[:2] == (1, [("left", "object", what)])
    assert recover("--yes")[:2] == (0, [("cleared", "object", what)])
    assert recover("--yes")[:2] == (0, [])
    assert len(kubectl.deleted()) == 1


def test_a_provider_that_has_outlived_its_engine_is_shown_and_with_yes_ended(recover, monkeypatch):
    one = Provider("pulumi-resource-tls", 4711)
    there = [one]
    monkeypatch.setattr(providers, "outliving", lambda _: list(there))
    monkeypatch.setattr(Provider, "end", lambda self: there.remove(self))
    said = "pulumi-resource-tls (process 4711)"
    assert recover() == (1, [("left", "process", f"{said}; its engine is gone")], "")
    assert recover("--yes") == (0, [("cleared", "process", said)], "")
    assert recover() == (0, [], "")


def test_operations_that_a_refresh_cannot_clear_stay_left(recover, pulumi):
    pulumi.state(UPDATING)
    pulumi.fails("refresh", "the cluster does not answer")
    code, items, error = recover("--yes")
    assert (code, [item[:2] for item in items]) == (1, [("left", "operation")])
    assert "error: the cluster does not answer" in error


def test_an_object_that_nothing_wants_is_shown_and_with_yes_deleted(recover, pulumi, kubectl):
    pulumi.state(SECRET)
    kubectl.has(web_1=OURS)
    what = "Secret istio-system/web-1, begun 2026-11-26T14:38:12Z: nothing wants it"
    code, items, _ = recover()
    assert (code, items[1]) == (1, ("left", "object", what))
    assert kubectl.deleted() == []
    code, items, _ = recover("--yes")
    assert (code, items[1]) == (0, ("cleared", "object", what))
    assert kubectl.deleted() == ["Secret web-1 --namespace istio-system"]
    assert pulumi.calls()[-1] == "preview --json"


def test_an_object_that_the_program_wants_is_kept_for_the_next_update(recover, pulumi, kubectl):
    pulumi.state(SECRET)
    kubectl.has(web_1=OURS)
    pulumi.preview({"op": "create", "urn": "urn", "newState": SECRET["resource"]})
    code, items, _ = recover("--yes")
    assert (code, items[1][:2]) == (0, ("kept", "object"))
    assert items[1][2].endswith("the next update takes it over")
    assert kubectl.deleted() == []


@pytest.fixture
def unnamed_secret(pulumi):
    """A Secret that was begun; the program wants one whose name the preview does not know."""
    pulumi.state(SECRET)
    metadata = SECRET["resource"]["inputs"]["metadata"] | {"name": UNKNOWN}
    wanted = SECRET["resource"] | {"inputs": SECRET["resource"]["inputs"] | {"metadata": metadata}}
    pulumi.preview({"op": "create", "urn": "urn", "newState": wanted})


def test_a_secret_that_nobody_uses_is_not_kept_for_a_name_that_the_preview_does_not_know(
    recover, unnamed_secret, kubectl
):
    kubectl.has(web_1=OURS)
    kubectl.names("pods", "web-12")
    assert [item[:2] for item in recover("--yes")[1]] == [("cleared", "operation"), ("cleared", "object")]
    assert kubectl.deleted() == ["Secret web-1 --namespace istio-system"]


@pytest.mark.parametrize("kind", ["pods", "gateways.networking.istio.io"])
def test_a_secret_in_use_is_asked_for_again_after_the_next_update(recover, pulumi, unnamed_secret, kubectl, kind):
    kubectl.has(web_1=OURS)
    kubectl.names(kind, "web-1")
    code, items, _ = recover("--yes")
    assert (code, items[1][:2]) == (2, ("unknown", "object"))
    assert kubectl.deleted() == []
    pulumi.preview()
    assert [item[:2] for item in recover("--yes")[1]] == [("cleared", "object")]


def test_an_object_that_somebody_else_wrote_is_none_of_ours(recover, pulumi, kubectl):
    pulumi.state(SECRET)
    kubectl.has(web_1="kubectl")
    assert [item[:2] for item in recover("--yes")[1]] == [("cleared", "operation")]
    assert kubectl.deleted() == []
    assert "preview --json" not in pulumi.calls()


def test_nothing_is_deleted_where_nobody_can_say_what_the_program_wants(recover, pulumi, kubectl):
    pulumi.state(SECRET)
    kubectl.has(web_1=OURS)
    pulumi.fails("preview", "the program has a mistake")
    code, items, _ = recover("--yes")
    assert (code, items[1][:2]) == (2, ("unknown", "object"))
    assert "the program has a mistake" in items[1][2]
    assert kubectl.deleted() == []


def test_a_cluster_that_does_not_answer_is_said(recover, pulumi, kubectl):
    pulumi.state(SECRET)
    kubectl.is_away()
    code, items, _ = recover()
    assert (code, items[1][:2]) == (1, ("unknown", "object"))
    assert "connection refused" in items[1][2]


def test_half_written_files_are_shown_and_with_yes_removed(recover, pulumi):
    file = pulumi.torn()
    assert recover() == (1, [("left", "file", f"{file} is half written")], "")
    assert file.exists()
    assert recover("--yes") == (0, [("cleared", "file", f"{file} was half written")], "")
    assert not file.exists()


def test_a_state_that_half_a_file_makes_unreadable_is_no_reason_to_stop(recover, pulumi):
    file = pulumi.torn()
    pulumi.fails("stack", "failed to load checkpoint: EOF")
    assert recover() == (1, [("left", "file", f"{file} is half written")], "")


def test_a_backend_whose_locks_nobody_lists(recover, pulumi):
    pulumi.backend("s3://bucket")
    code, items, _ = recover()
    assert (code, [item[:2] for item in items]) == (2, [("unknown", "lock")])


def test_there_a_dead_lock_is_cleared_when_an_operation_meets_it(recover, pulumi):
    pulumi.backend("s3://bucket")
    pulumi.state(UPDATING)
    pulumi.complain()
    code, items, _ = recover("--yes")
    assert (code, [item[:2] for item in items]) == (0, [("cleared", "operation")])
    refresh = "refresh --yes --skip-preview --clear-pending-creates"
    assert pulumi.changes() == [refresh, "cancel --yes", refresh]


def test_there_a_living_lock_is_kept(recover, pulumi):
    pulumi.backend("s3://bucket")
    pulumi.state(UPDATING)
    pulumi.complain(os.getpid())
    code, items, error = recover("--yes")
    assert (code, items) == (2, [])
    assert "the stack is locked by process" in error
    assert "cancel --yes" not in pulumi.changes()


@pytest.mark.parametrize(
    ("words", "stacks", "code"),
    [
        ((), [{"name": "dev", "current": True, "updateInProgress": True}], 2),
        ((), [{"name": "dev", "current": True, "updateInProgress": False}], 0),
        ((), [{"name": "prod", "current": False, "updateInProgress": True}, {"name": "dev", "current": True}], 0),
        (("--stack", "me/shop/prod"), [{"name": "prod", "current": False, "updateInProgress": True}], 2),
        (("--stack", "prod"), [{"name": "dev", "current": True, "updateInProgress": True}, {"name": "prod"}], 0),
    ],
)
def test_pulumi_cloud_says_whether_an_update_is_in_progress(recover, pulumi, words, stacks, code):
    pulumi.backend("https://api.pulumi.com")
    (pulumi.folder / "stacks.json").write_text(json.dumps(stacks))
    found, items, error = recover(*words)
    assert (found, items, "in progress" in error) == (code, [], code == 2)


def test_another_stack_can_be_named(recover, pulumi):
    pulumi.lock(stack="prod")
    assert recover("--stack", "prod")[0] == 1
    assert recover("--stack", "organization/shop/prod")[0] == 1
    assert "stack export --stack prod" in pulumi.calls()


def test_the_backend_may_be_named_by_the_environment(recover, pulumi, monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    pulumi.fails("whoami", "read .pulumi/meta.yaml: EOF")
    pulumi.lock()
    assert recover()[0] == 1


def test_a_folder_that_is_not_there(capfd):
    assert main(["recover", "--cwd", "/nowhere"]) == 2
    assert capfd.readouterr().err == "istio-ingress: '/nowhere' is no folder.\n"


def test_without_pulumi(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    assert main(["recover", "--cwd", str(tmp_path)]) == 2
    assert capfd.readouterr().err == "istio-ingress: `pulumi` is not on PATH.\n"


def test_what_pulumi_says_of_its_failure_is_passed_on(recover, pulumi):
    pulumi.fails("stack", "no stack named 'dev' found")
    assert recover() == (2, [], "istio-ingress: `pulumi stack --show-name` failed: no stack named 'dev' found\n")


def test_an_answer_that_is_no_json(recover, pulumi):
    (pulumi.folder / "state.json").write_text("warning: hello")
    assert recover()[2] == "istio-ingress: `pulumi stack export` printed no JSON: 'warning: hello'.\n"


def test_as_text(pulumi, kubectl, capfd):
    pulumi.state(SECRET)
    kubectl.has(web_1=OURS)
    assert main(["recover", "--cwd", str(pulumi.folder)]) == 1
    assert capfd.readouterr().out == (
        "left     operation  creating kubernetes:core/v1:Secret 'web-1'\n"
        "left     object     Secret istio-system/web-1, begun 2026-11-26T14:38:12Z: nothing wants it\n"
        "recover: 2 left; `istio-ingress recover --yes` clears it\n"
    )
