"""What people read when a table of results is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_GO_BACK = N_("Go back, change it and send the form again. Nothing was saved yet.")

TABLES: Mapping[str, Sentence] = {
    "table_empty": Sentence(N_("Choose a file, or paste the cells."), _GO_BACK),
    "table_too_large": Sentence(
        N_("This table is too large: split it into several with the same first row."), _GO_BACK
    ),
    "table_malformed": Sentence(
        N_("This is no table that can be read: a quotation mark is open, or a line is cut off."),
        _GO_BACK,
    ),
    "table_not_utf8": Sentence(
        N_("This file is no text in UTF-8. Save it in your spreadsheet as “CSV UTF-8”."), _GO_BACK
    ),
}
