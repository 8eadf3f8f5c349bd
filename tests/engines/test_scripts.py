"""The programs behind `make env`, `make rules`, `make plant` and the look for missing programs."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import make_env, plant, rules

REPOSITORY = Path(__file__).resolve().parents[2]


# --- make env -------------------------------------------------------------------------------------------------------


def test_the_secrets_are_private_and_new_each_time(tmp_path):
    assert make_env.main(tmp_path / "one") == 0
    assert make_env.main(tmp_path / "two") == 0
    one, two = (dict(entries((tmp_path / name).read_text())) for name in ("one", "two"))
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
    secrets = ("SECRET_KEY", "DB_SUPERUSER_PASSWORD", "DB_OWNER_PASSWORD", "DB_APP_PASSWORD", "VALKEY_PASSWORD")
    values = [place[name] for place in (one, two) for name in secrets]
    assert len(set(values)) == len(values)
    assert all(len(value) >= 50 and value.isalnum() for value in values)


def test_secrets_that_are_there_are_never_overwritten(tmp_path, capsys):
    (tmp_path / "env").write_text("mine")
    assert make_env.main(tmp_path / "env") == 1
    assert (tmp_path / "env").read_text() == "mine"
    assert "is there already" in capsys.readouterr().err


def entries(text):
    return [line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#")]


# --- make rules -----------------------------------------------------------------------------------------------------

TESTS = """
import pytest

@pytest.mark.rule("CRD-2")
@pytest.mark.rule("CRD-1")
def test_order(): pass

@pytest.mark.rule("CRD-1", "GEN-1")
class TestBlock:
    def test_theft(self): pass
    def helper(self): pass
"""
MODULE = 'import pytest\npytestmark = [pytest.mark.rule("PIN-2")]\ndef test_pin(): pass\n'


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "project" / "tests" / "cards").mkdir(parents=True)
    (tmp_path / "project" / "docs").mkdir()
    (tmp_path / "project" / "tests" / "cards" / "test_cards.py").write_text(TESTS)
    (tmp_path / "project" / "tests" / "test_pin.py").write_text(MODULE)
    return tmp_path / "project"


def page(tree, *rows):
    text = "# Rules\n\n| Rule | What it says | Proven by |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"
    (tree / "docs" / "rules.md").write_text(text)


def test_rules_are_proven_by_the_tests_that_carry_them(tree, capsys):
    page(
        tree,
        "| CRD-1 | One. | `tests/cards/test_cards.py::test_order` |",
        "| CRD-2 | Two. | `tests/cards/test_cards.py::test_order` |",
        "| GEN-1 | Three. | `tests/cards/test_cards.py::TestBlock::test_theft` |",
        "| PIN-2 | Four. | `tests/test_pin.py::test_pin` |",
        "| SIM-1 | Five. | not built |",
    )
    assert rules.main([], tree) == 0
    said = capsys.readouterr().out
    assert "5 rules are listed, 4 are proven by a test." in said
    assert "Without a test: SIM-1" in said


def test_a_claim_that_no_test_proves_is_an_error(tree, capsys):
    page(tree, "| CRD-1 | One. | `tests/cards/test_cards.py::test_gone` |", "| SIM-1 | Five. | `tests/x.py::test_x` |")
    assert rules.main([], tree) == 1
    said = capsys.readouterr().err
    assert "CRD-1 names tests/cards/test_cards.py::test_gone, which does not carry it." in said
    assert "SIM-1 is claimed in docs/rules.md, and no test carries it." in said
    assert "PIN-2 is carried by tests/test_pin.py::test_pin, and docs/rules.md does not list it." in said


def test_the_last_column_can_be_written(tree):
    page(tree, "| CRD-1 | One \\| two. | not built |", "| CRD-2 | Two. | |", "| GEN-1 | x | `old` |", "| PIN-2 | x | |")
    assert rules.main(["--write"], tree) == 0
    text = (tree / "docs" / "rules.md").read_text()
    one = "`tests/cards/test_cards.py::test_order`, `tests/cards/test_cards.py::TestBlock::test_theft`"
    assert f"| CRD-1 | One \\| two. | {one} |\n" in text
    assert rules.main(["--write"], tree) == 0
    assert (tree / "docs" / "rules.md").read_text() == text


def test_rules_of_the_domain_that_are_not_listed_are_named(tree, capsys):
    page(
        tree, "| CRD-1 | One. | not built |", "| CRD-2 | x | |", "| GEN-1 | x | |", "| PIN-2 | x | |", "| OLD-1 | x | |"
    )
    domain = tree.parent / "shared" / "domain"
    domain.mkdir(parents=True)
    (domain / "cards.md").write_text("- **CRD-1** One.\n- **CRD-10** Ten; see **CRD-11**.\n- **CRD-9** Nine.\n")
    assert rules.main([], tree) == 0
    said = capsys.readouterr().out
    assert "In the domain's pages, not listed here: CRD-9, CRD-10\n" in said
    assert "OLD-1" in said


# --- make plant -----------------------------------------------------------------------------------------------------

PATCH = """# test: tests/test_guard.py::test_guard
# why: a stranger would be let in
--- a/guard.py
+++ b/guard.py
@@ -1,2 +1,2 @@
 def allowed(who):
-    return who == "owner"
+    return {result}
"""


@pytest.fixture
def garden(tmp_path, monkeypatch):
    base = tmp_path / "garden"
    (base / "tests" / "plants").mkdir(parents=True)
    (base / "guard.py").write_text('def allowed(who):\n    return who == "owner"\n')
    (base / "tests" / "test_guard.py").write_text(
        "from guard import allowed\n\ndef test_guard():\n    assert not allowed('stranger')\n"
    )
    (base / "pytest.ini").write_text("[pytest]\npythonpath = .\naddopts = -ra -p no:django\n")
    monkeypatch.setattr(plant, "BASE_DIR", base)
    return base


def sow(garden, name, result, head=None):
    text = PATCH.format(result=result)
    (garden / "tests" / "plants" / f"{name}.patch").write_text(text if head is None else head + text.split("\n", 2)[2])


def test_a_fault_that_is_seen_is_red_and_the_tree_stays_as_it_was(garden, capsys):
    sow(garden, "open-door", "True")
    assert plant.main([]) == 0
    said = capsys.readouterr().out
    assert "open-door  red" in said
    assert "a stranger would be let in" in said
    assert "== " in (garden / "guard.py").read_text()


def test_a_fault_that_nothing_sees_is_an_error(garden, capsys):
    sow(garden, "harmless", 'who in {"owner"}')
    sow(garden, "open-door", "True")
    assert plant.main([]) == 1
    said = capsys.readouterr()
    assert "harmless   GREEN" in said.out
    assert "1 of 2 plants were seen" in said.out


def test_a_fault_that_breaks_the_tests_themselves_does_not_count_as_seen(garden, capsys):
    sow(garden, "nonsense", "(")
    assert plant.main([]) == 1
    assert "nonsense  did not run" in capsys.readouterr().out


def test_a_fault_that_no_longer_applies_is_an_error(garden, capsys):
    sow(garden, "open-door", "True")
    (garden / "guard.py").write_text("def allowed(who):\n    return who == 'someone else'\n")
    assert plant.main([]) == 1
    assert "open-door  does not apply" in capsys.readouterr().out


def test_a_test_that_is_not_there_is_an_error(garden, capsys):
    sow(garden, "open-door", "True", head="# test: tests/test_guard.py::test_gone\n# why: x\n")
    assert plant.main([]) == 1
    assert "open-door  did not run" in capsys.readouterr().out


def test_some_can_be_chosen_and_unknown_ones_are_refused(garden, capsys):
    sow(garden, "harmless", 'who in {"owner"}')
    sow(garden, "open-door", "True")
    assert plant.main(["open-door"]) == 0
    with pytest.raises(SystemExit, match="no plant named weeds"):
        plant.main(["weeds"])
    sow(garden, "headless", "True", head="# why: x\n")
    with pytest.raises(SystemExit, match="needs a line"):
        plant.main([])


# --- need.sh --------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path):
    """A machine of our own making: only the programs put into `bin` exist there."""
    (tmp_path / "bin").mkdir()
    for name in ("cat", "chmod", "printf"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))

    def program(name, body="exit 0"):
        file = tmp_path / "bin" / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def need(*names, **environment):
        return subprocess.run(
            ["/bin/sh", REPOSITORY / "scripts" / "need.sh", *names],
            env={"PATH": str(tmp_path / "bin"), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    program("id", "echo 1000")
    return tmp_path, program, need


def test_what_is_missing_is_named_in_a_sentence_each(machine):
    _folder, _program, need = machine
    done = need("python", "node", "gettext", "chromium", "java")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 5
    for line, word in zip(lines, ("Python 3.11", "Node.js", "msgfmt", "Chromium", "Java"), strict=True):
        assert word in line


def test_what_is_there_is_passed_in_silence(machine):
    _folder, program, need = machine
    for name in ("node", "npm", "msgfmt", "chromium", "java"):
        program(name)
    done = need("python", "node", "gettext", "chromium", "java", PYTHON=sys.executable)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_node_that_is_too_old_counts_as_missing(machine):
    _folder, program, need = machine
    program("npm")
    program("node", "exit 1")
    assert "Node.js 18" in need("node").stderr


def test_root_on_debian_installs_what_is_missing(machine):
    folder, program, need = machine
    program("id", "echo 0")
    program("msgfmt")
    install = f'echo "$*" >> {folder}/told; case $1 in install) '
    install += f'for name in chromium java; do printf "#!/bin/sh\\n" > {folder}/bin/$name; '
    install += f"chmod +x {folder}/bin/$name; done;; esac"
    program("apt-get", install)
    done = need("gettext", "chromium", "java")
    assert done.returncode == 0, done.stderr
    told = (folder / "told").read_text()
    assert told.startswith("update")
    assert "chromium fonts-dejavu-core default-jre-headless" in told
    assert "gettext" not in told


def test_a_package_that_does_not_help_is_told(machine):
    _folder, program, need = machine
    program("id", "echo 0")
    program("apt-get")
    done = need("node")
    assert done.returncode == 1
    assert "still missing or too old: nodejs npm" in done.stderr


def test_a_browser_of_ones_own_can_be_named(machine):
    folder, program, need = machine
    program("brave")
    assert need("chromium", CHROMIUM=str(folder / "bin" / "brave")).returncode == 0
    assert need("chromium", CHROMIUM="/nowhere").returncode == 1


# --- make and CI ----------------------------------------------------------------------------------------------------


def test_make_alone_lists_every_target():
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    names = {line.split()[1] for line in listed.stdout.splitlines()}
    wanted = "help setup demo test test-long check rules bench audit plant env screenshots messages"
    assert names == set(wanted.split())


def test_the_build_server_runs_the_whole_suite():
    script = REPOSITORY / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    assert "make test" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)


def test_what_the_pages_need_can_be_installed_by_every_npm():
    """Debian's npm stops at an override of a package that somebody asks for by a tag, such as `latest`.

    Any npm fetches such a package anew, in today's version, unless the lock says where the chosen one lies.
    """
    chosen = json.loads((REPOSITORY / "package.json").read_text())
    packages = json.loads((REPOSITORY / "package-lock.json").read_text())["packages"]
    by_tag = {
        name
        for package in packages.values()
        for name, wanted in package.get("dependencies", {}).items()
        if wanted.isalpha()
    }
    assert by_tag
    assert not by_tag & set(chosen.get("overrides", {}))
    for name in by_tag:
        found = packages[f"node_modules/{name}"]
        assert found.get("resolved", "").endswith(f"/{name}-{found['version']}.tgz")
