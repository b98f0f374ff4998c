"""Every block of code in every page is what it says it is, and what isn't run says why."""

import ast
import importlib.util
import json
import re
import subprocess
import tomllib
from collections.abc import Callable

import pytest
import yaml

from documents.blocks import LANGUAGES, ROOT, Block, blocks, blocks_of
from tests.documents.commands import modules_in, read, targets_in, verbs_in

BLOCKS = blocks()
SHELL = [block for block in BLOCKS if block.language == "sh"]
READERS: dict[str, Callable[[str], object]] = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def of(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", [one for one in BLOCKS if one.language in languages], ids=str)


def test_every_block_says_what_it_is() -> None:
    wrong = [str(block) for block in BLOCKS if block.language not in LANGUAGES]
    assert not wrong, f"say one of {', '.join(LANGUAGES)} behind the three ticks; output is `text`"


def test_what_is_not_run_says_why() -> None:
    assert not [str(block) for block in BLOCKS if block.mark and len(block.reason.split()) < 3]


def test_what_is_done_instead_exists() -> None:
    for block in BLOCKS:
        assert all((ROOT / path).exists() for path in re.findall(r"(?:tests|docs)/[\w/.-]+\w", block.reason)), block
        assert set(re.findall(r"make ([a-z-]+)", block.reason)) <= TARGETS, block


def test_a_block_without_an_end_is_found() -> None:
    with pytest.raises(ValueError, match="a page:3"):
        blocks_of("a page", "# Title\n\n```sh\nls\n")


def test_a_mark_is_of_its_block_or_of_the_whole_page() -> None:
    one = "# Title\n\n<!-- not run: needs a moon -->\n```sh\nls\n```\n\n```sh\nls\n```\n"
    assert [(block.mark, block.reason) for block in blocks_of("", one)] == [("not run", "needs a moon"), ("", "")]
    whole = "<!-- slow: run by make check-docs -->\n# Title\n\n- a list\n\n  ```sh\n  ls\n    x\n  ```\n"
    assert [(block.mark, block.text) for block in blocks_of("", whole)] == [("slow", "ls\n  x")]


@of("json", "yaml", "toml")
def test_what_programs_read_can_be_read(block: Block) -> None:
    READERS[block.language](block.text)


@of("python")
def test_python_is_python(block: Block) -> None:
    ast.parse(block.text)


def test_shell_is_shell() -> None:
    for block in SHELL:
        checked = subprocess.run(("bash", "-n"), input=block.text, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, f"{block}: {checked.stderr}"


def test_the_command_line_takes_every_command() -> None:
    found = [(block, arguments) for block in SHELL for arguments in verbs_in(block.text)]
    assert len(found) > 60
    for block, arguments in found:
        try:
            read(arguments)
        except Exception as error:
            pytest.fail(f"{block}: moodstream {' '.join(arguments)}: {error}")


def test_what_the_command_line_would_not_take_is_found() -> None:
    for wrong in ("dance", "train --speed 3", "publish", "stream --json"):
        (arguments,) = verbs_in(f"X=1 moodstream {wrong} | cat # moodstream demo")
        with pytest.raises(Exception, match=r"dance|No such option|Missing"):
            read(arguments)


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_targets_and_modules_exist(block: Block) -> None:
    assert set(targets_in(block.text)) <= TARGETS
    for name in modules_in(block.text):
        assert importlib.util.find_spec(name), name
