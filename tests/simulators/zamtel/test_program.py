"""The simulator as a program: what it prints at the start."""

from click.testing import CliRunner

from zampay.simulators.command import simulate


def test_it_can_be_started_by_name_and_says_its_options() -> None:
    said = CliRunner().invoke(simulate, ["zamtel", "--help"])
    assert said.exit_code == 0, said.output
    assert "SIMULATOR_ZAMTEL_THIRD_PARTY_ID" in said.output
