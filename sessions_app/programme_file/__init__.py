"""Program files: YAML, and CSV or XLSX with the same columns.

Reading never writes. It gives the series of a file, or every complaint at once, each with its line. Writing is all or nothing,
and a second import of the same file changes nothing: a series is known by its English (else French) title.
"""

from sessions_app.programme_file.cells import ProgrammeFileError
from sessions_app.programme_file.rows import read
from sessions_app.programme_file.writing import write

__all__ = ["ProgrammeFileError", "read", "write"]
