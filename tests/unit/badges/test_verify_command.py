"""`python -m badges`, run as a stranger runs it."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from badges import artwork, baking, did, samples
from badges.__main__ import main
from badges.proofs import data_integrity
from tests.factories import signing
from tests.factories.signing import LIST_URL, Issued

PNG = artwork.emblem_png("BEM-S-WLD1")
SVG = artwork.emblem_svg("BEM-S-WLD1")


@pytest.fixture(scope="module")
def issued() -> Issued:
    now = signing.today() - timedelta(minutes=1)
    return signing.issue(signing.built(samples.welding(), now), now)


@pytest.fixture
def files(issued: Issued, tmp_path: Path) -> Path:
    return write(issued, tmp_path)


def write(case: Issued, folder: Path) -> Path:
    document = data_integrity.serialise(case.badge)
    (folder / "badge.json").write_bytes(document)
    (folder / "badge.png").write_bytes(baking.bake_png(PNG, document))
    (folder / "badge.svg").write_bytes(baking.bake_svg(SVG, document))
    (folder / "did.json").write_text(json.dumps(case.web[did.web_address(case.did)]))
    (folder / "list.json").write_text(json.dumps(case.web[LIST_URL]))
    return folder


def run(files: Path, name: str, *options: str) -> int:
    known = ["--did-doc", str(files / "did.json"), "--status-list", str(files / "list.json")]
    return main(["verify", str(files / name), *(options or known)])


@pytest.mark.parametrize("name", ["badge.json", "badge.png", "badge.svg"])
def test_a_good_badge_ends_with_0_in_each_of_its_forms(
    files: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, name) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["passed", "shape", "well_formed"],
        ["passed", "proof", "signature_valid"],
        ["passed", "issuer", "key_of_issuer"],
        ["passed", "dates", lines[3].split()[2]],
        ["passed", "status", "not_withdrawn"],
        ["passed", "in", "all"],
    ]


def test_a_tampered_badge_ends_with_1(
    issued: Issued, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write(issued.with_badge(name="Master of Welding"), tmp_path)
    assert run(files, "badge.json") == 1
    assert "failed     proof   signature_mismatch" in capsys.readouterr().out


def test_a_revoked_badge_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = signing.today()
    revoked = signing.issue(signing.built(samples.welding(), now), now, revoked=True)
    assert run(write(revoked, tmp_path), "badge.png") == 1
    assert "failed     status  revoked" in capsys.readouterr().out


def test_without_key_or_status_list_it_ends_with_2(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, "badge.json", "--offline") == 2
    assert run(files, "badge.json", "--offline", "--did-doc", str(files / "did.json")) == 2
    assert "undecided  status  status_list_unavailable" in capsys.readouterr().out


def test_the_report_can_be_had_as_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "badge.json", "--offline", "--json") == 2
    report = json.loads(capsys.readouterr().out)
    assert report["outcome"] == "undecided"
    assert [check["id"] for check in report["checks"]] == [
        *("shape", "proof", "issuer", "dates", "status")
    ]


@pytest.mark.parametrize("name", ["badge.png", "badge.svg"])
def test_what_is_baked_can_be_unbaked(files: Path, name: str) -> None:
    blank = files / f"blank{Path(name).suffix}"
    blank.write_bytes(PNG if name.endswith("png") else SVG)
    baked, document = files / f"new-{name}", files / "badge.json"
    assert main(["bake", str(blank), str(document), str(baked)]) == 0
    assert baked.read_bytes() == (files / name).read_bytes()
    assert main(["unbake", str(baked), str(files / "out.json")]) == 0
    assert (files / "out.json").read_bytes() == document.read_bytes()


def test_unbaking_prints_the_document(
    files: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["unbake", str(files / "badge.png")]) == 0
    assert capfdbinary.readouterr().out == (files / "badge.json").read_bytes() + b"\n"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [("none.json", None, "No such file"), ("plain.png", PNG, "no_credential")],
)
def test_a_file_that_cannot_be_read_ends_with_64(
    files: Path, name: str, data: bytes | None, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if data is not None:
        (files / name).write_bytes(data)
    with pytest.raises(SystemExit) as ended:
        run(files, name)
    assert ended.value.code == 64
    assert reason in capsys.readouterr().err


def test_a_file_that_is_no_badge_ends_with_1(files: Path) -> None:
    (files / "text.json").write_text("Dear sir or madam")
    assert run(files, "text.json") == 1


def test_the_command_runs_without_the_application(files: Path) -> None:
    script = (
        "import sys; from badges.__main__ import main; code = main(sys.argv[1:]);"
        "loaded = {'flask', 'sqlalchemy', 'requests', 'pylti1p3', 'lti_tool'} & set(sys.modules);"
        "print(loaded or 'alone'); sys.exit(code)"
    )
    arguments = ["verify", str(files / "badge.png"), "--did-doc", str(files / "did.json")]
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments, "--status-list", str(files / "list.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "alone"), ended.stderr


def test_the_module_is_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "badges", "verify", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Exit code: 0 all checks passed" in ended.stdout
