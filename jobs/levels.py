"""How important a line of a job's log is."""

from enum import StrEnum


class Level(StrEnum):
    """From what only an author wants to know to what made a job fail."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def letter(self) -> str:
        """What stands for it in a chunk's `levels`."""
        return self.value[0]

    def reaches(self, least: "Level") -> bool:
        """This method will say whether it is at least as important as `least`."""
        ranks = list(Level)
        return ranks.index(self) >= ranks.index(least)


_BY_LETTER = {level.letter: level for level in Level}


def of_letter(letter: str) -> Level:
    """This function will read one letter; what was written before there were levels is info."""
    return _BY_LETTER.get(letter, Level.INFO)
