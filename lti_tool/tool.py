"""The parts of a running tool that requests and jobs share."""

from dataclasses import dataclass

from config.settings import Settings
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.outbound import Outbound
from lti_tool.services.awarding.credentials import Signing
from lti_tool.services.completing.evidence import Keeping, Limits


@dataclass(frozen=True, slots=True)
class Tool:
    settings: Settings
    database: Database
    encryption: Encryption
    outbound: Outbound

    @property
    def signing(self) -> Signing:
        return Signing(
            public_url=self.settings.public_url,
            encryption=self.encryption,
            is_production=self.settings.environment == "production",
        )

    @property
    def keeping(self) -> Keeping:
        settings, mib = self.settings, 2**20
        limits = Limits(
            file=settings.evidence_file_mib * mib,
            files=settings.evidence_files,
            person=settings.evidence_person_mib * mib,
            course=settings.evidence_course_mib * mib,
            organisation=settings.evidence_organisation_mib * mib,
        )
        return Keeping(self.encryption, limits, settings.evidence_scanner)
