"""What people read when a file or a link is not taken as evidence."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_CHOOSE_ANEW = N_("Choose another file, or leave it out, and send the form again.")
_ROOM = N_("Remove a file that nobody needs any more, or ask an operator for more room.")

EVIDENCE: Mapping[str, Sentence] = {
    "file_empty": Sentence(N_("The file “%(name)s” is empty."), _CHOOSE_ANEW),
    "file_too_large": Sentence(
        N_("The file “%(name)s” is too large: at most %(maximum)s MB."), _CHOOSE_ANEW
    ),
    "file_heic": Sentence(
        N_("The picture “%(name)s” is in the format HEIC, which cannot be read here."),
        N_(
            "Save it as JPEG or take a screenshot of it, and choose that. On an iPhone, Settings, "
            "Camera, Formats, Most Compatible lets the camera take JPEG from then on."
        ),
    ),
    "file_kind_unknown": Sentence(
        N_("The file “%(name)s” is no PDF, no PNG or JPEG picture and no plain text."), _CHOOSE_ANEW
    ),
    "file_not_utf8": Sentence(
        N_("The file “%(name)s” seems to be text, but in another encoding than UTF-8."),
        N_(
            "Save it anew with the encoding UTF-8 (in the window “Save as” of most editors), or as "
            "PDF, and choose that."
        ),
    ),
    "file_unreadable": Sentence(
        N_("The file “%(name)s” is damaged, or only part of it arrived."), _CHOOSE_ANEW
    ),
    "file_too_many_pixels": Sentence(
        N_("The picture “%(name)s” has more pixels than can be read here."), _CHOOSE_ANEW
    ),
    "file_infected": Sentence(
        N_("The virus scanner of this server stopped the file “%(name)s”."), _CHOOSE_ANEW
    ),
    "file_not_scanned": Sentence(
        N_("The virus scanner of this server does not answer, so no file can be kept."),
        N_("Leave the file out for now, or try again later."),
    ),
    "too_many_files": Sentence(N_("Those are too many files: at most %(maximum)s."), _CHOOSE_ANEW),
    "evidence_link_invalid": Sentence(
        N_("The link must be a whole address that begins with https://."),
        N_("Copy it anew from the page that it leads to."),
    ),
    "link_too_long": Sentence(
        N_("The link is too long: at most %(maximum)s characters."),
        N_("Look for a shorter address of the same page."),
    ),
    "evidence_person_full": Sentence(N_("There is no room for more files of this learner."), _ROOM),
    "evidence_course_full": Sentence(N_("There is no room for more files in this course."), _ROOM),
    "evidence_organisation_full": Sentence(
        N_("There is no room for more files of your school."), _ROOM
    ),
    "record_undone": Sentence(
        N_("This result was taken back, so nothing can be added to it."),
        N_("Record it anew, with the files."),
    ),
    "unknown_evidence": Sentence(
        N_("There is no such file."), N_("Go back and look at the list again.")
    ),
}
