"""Program files: YAML, and CSV or XLSX with the same columns.

Reading never writes. It returns the series of a file, or all errors at once with their lines. Writing is all or
nothing, and importing the same file again changes nothing: a series is recognized by its English (else French) title.
"""

from sessions_app.programme_file.cells import ProgrammeFileError
from sessions_app.programme_file.rows import read
from sessions_app.programme_file.writing import write

__all__ = ["ProgrammeFileError", "read", "write"]
