"""The parts of a running tool that requests and jobs share."""

from dataclasses import dataclass

from config.settings import Settings
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.outbound import Outbound
from lti_tool.services.credentials import Signing


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
