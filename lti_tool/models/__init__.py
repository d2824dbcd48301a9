"""Tables of the application, one module per noun; importing this package maps them all."""

from lti_tool.db import Base
from lti_tool.models.accounts import (
    Account,
    AccountDigest,
    AccountGrant,
    AccountSession,
    EmailProof,
    Passkey,
    SignInLink,
    SignInRequest,
    UsedChallenge,
)
from lti_tool.models.activities import (
    ActivityCheck,
    ActivityResult,
    CourseActivities,
    UnitActivity,
)
from lti_tool.models.api_clients import ApiClient, ApiRequest, ApiToken
from lti_tool.models.artworks import StoredArtwork
from lti_tool.models.audit_log import AuditEntry
from lti_tool.models.awards import Award
from lti_tool.models.completions import CompletionRecord, Enrolment
from lti_tool.models.courses import (
    Course,
    CourseAssessor,
    CourseMember,
    CourseMove,
    PlacedUnit,
    Placement,
    ResourceLink,
    SelectedVersion,
    TeachingRole,
)
from lti_tool.models.credentials import Credential
from lti_tool.models.deliveries import Delivery
from lti_tool.models.drafts import DefinitionDraft, DefinitionStep, ReviewPartner
from lti_tool.models.evidence_files import EvidenceBytes, EvidenceContent, EvidenceFile
from lti_tool.models.gradebook_results import GradebookResult
from lti_tool.models.grants import DefinitionGrant
from lti_tool.models.issuer_keys import IssuerKey
from lti_tool.models.joining import BorrowedPart, JoinAttempt, JoinCode
from lti_tool.models.launches import LaunchSession, LoginState, UnconfirmedLaunch
from lti_tool.models.mentors import MentorLink
from lti_tool.models.micro_credentials import (
    CatalogueEntry,
    DefinitionRevision,
    MicroCredentialSeries,
    MicroCredentialVersion,
)
from lti_tool.models.moderation import ModerationSample
from lti_tool.models.moodle import MoodleConnection
from lti_tool.models.organisations import Organisation, ServerIdentity
from lti_tool.models.pending_awards import PendingAward
from lti_tool.models.people import Person
from lti_tool.models.platforms import Platform
from lti_tool.models.prior_learning import PriorLearningApplication, PriorLearningJudgement
from lti_tool.models.registrations import (
    AccessToken,
    Deployment,
    Invitation,
    PlatformKeySet,
    Registration,
    ToolKey,
    WaitingDeployment,
)
from lti_tool.models.schedule import ScheduledJob
from lti_tool.models.stacks import StackCheck, StackPart
from lti_tool.models.status_lists import StatusEntry, StatusList

__all__ = [
    "AccessToken",
    "Account",
    "AccountDigest",
    "AccountGrant",
    "AccountSession",
    "ActivityCheck",
    "ActivityResult",
    "ApiClient",
    "ApiRequest",
    "ApiToken",
    "AuditEntry",
    "Award",
    "Base",
    "BorrowedPart",
    "CatalogueEntry",
    "CompletionRecord",
    "Course",
    "CourseActivities",
    "CourseAssessor",
    "CourseMember",
    "CourseMove",
    "Credential",
    "DefinitionDraft",
    "DefinitionGrant",
    "DefinitionRevision",
    "DefinitionStep",
    "Delivery",
    "Deployment",
    "EmailProof",
    "Enrolment",
    "EvidenceBytes",
    "EvidenceContent",
    "EvidenceFile",
    "GradebookResult",
    "Invitation",
    "IssuerKey",
    "JoinAttempt",
    "JoinCode",
    "LaunchSession",
    "LoginState",
    "MentorLink",
    "MicroCredentialSeries",
    "MicroCredentialVersion",
    "ModerationSample",
    "MoodleConnection",
    "Organisation",
    "Passkey",
    "PendingAward",
    "Person",
    "PlacedUnit",
    "Placement",
    "Platform",
    "PlatformKeySet",
    "PriorLearningApplication",
    "PriorLearningJudgement",
    "Registration",
    "ResourceLink",
    "ReviewPartner",
    "ScheduledJob",
    "SelectedVersion",
    "ServerIdentity",
    "SignInLink",
    "SignInRequest",
    "StackCheck",
    "StackPart",
    "StatusEntry",
    "StatusList",
    "StoredArtwork",
    "TeachingRole",
    "ToolKey",
    "UnconfirmedLaunch",
    "UnitActivity",
    "UsedChallenge",
    "WaitingDeployment",
]
