"""What people read when the writing of a definition is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_COPY_FIRST = N_("Copy what you wrote last, open the draft again and add it there.")
_LOOK_AGAIN = N_("Open the draft again: the page shows what can be done with it now.")

WRITING: Mapping[str, Sentence] = {
    "malformed_title": Sentence(
        N_("A title is needed: one line of at most 200 characters."),
        N_("Go back, change it and send the form again. Nothing was saved yet."),
    ),
    "no_definition_address": Sentence(
        N_("This is not the address of a definition’s page."),
        N_("Open its page in the catalogue, copy the whole address, with “/definitions/” in it."),
    ),
    "not_as_published": Sentence(
        N_("The file names an address of this server, and something else is published there."),
        N_("Enter that address above, or download the file from its page again."),
    ),
    "no_definition_there": Sentence(
        N_("No definition could be read at that address. Only public ones with https are asked."),
        N_(
            "Open it in your browser. If its page is there, try again in a few minutes, or "
            "download its file and add that."
        ),
    ),
    "no_open_licence": Sentence(
        N_(
            "No open licence lets everybody change and share this definition: it is not handed out."
        ),
        N_("Its page says its licence. Ask its awarding body for permission."),
    ),
    "adaptation_not_allowed": Sentence(
        N_("Its licence does not let you change it."),
        N_("Ask its awarding body, and tick that it has allowed it. Or offer it as it is."),
    ),
    "unknown_review": Sentence(
        N_("There is no such definition to review, or it is not yours to review."),
        N_(
            "What waits for you is listed under “To review”. Its school may have asked a partner "
            "to review meanwhile."
        ),
    ),
    "unknown_draft": Sentence(
        N_("There is no such draft, or it is not yours."),
        N_("Look at the list of your drafts. What was published is in the catalogue."),
    ),
    "unknown_language": Sentence(
        N_("There is no language of that name here."),
        N_("Open the draft again and choose one of the list."),
    ),
    "draft_not_editable": Sentence(
        N_("This draft was handed in or finished and is not edited any more."), _LOOK_AGAIN
    ),
    "draft_changed_elsewhere": Sentence(
        N_("This draft was changed on another page meanwhile."), _COPY_FIRST
    ),
    "draft_too_large": Sentence(
        N_("This is more than a draft can hold."),
        N_("Shorten the longest texts. What was saved before is still there."),
    ),
    "draft_incomplete": Sentence(
        N_("Something is still missing."),
        N_("The checklist of the draft shows what. Everything you wrote is kept."),
    ),
    "decided_meanwhile": Sentence(
        N_("A reviewer has just decided about this definition."),
        N_("Open it again: what was decided stands there."),
    ),
    "definition_far_too_large": Sentence(
        N_("This file is much too large: a definition may have at most 1 MB."),
        N_("Go back and choose the file of a definition. Nothing was added."),
    ),
    "picture_far_too_large": Sentence(
        N_("This file is much too large for a badge picture: at most 768 KB, drawings 300 KB."),
        N_("Go back, save the picture smaller and choose it again. Nothing was changed."),
    ),
    "pictures_full": Sentence(
        N_("The badge pictures of your school take all the room they have (%(megabytes)s MB)."),
        N_("Use the drawn emblem. Pictures that nothing uses any more are deleted after 30 days."),
    ),
    "artwork_missing": Sentence(
        N_("The badge picture of this draft is not on this server."),
        N_("Open “Badge picture” and choose it again. Everything you wrote is kept."),
    ),
    "already_being_written": Sentence(
        N_("Somebody in your organisation writes the next version already."),
        N_("Talk to them, or wait until it is published."),
    ),
}
