"""Members of the classes of Open Badges 3.0 and Bitstring Status Lists, as data.

Tables of our own that say no more and no less than the specifications about what a member is.

Spec: Open Badges 3.0, appendix B (data models); Bitstring Status List 1.0, sections 2.1 and 2.2.
"""

from dataclasses import dataclass

EXTENSION = "ext:*"  # stands for the names that issuers may add to a vocabulary


@dataclass(frozen=True, slots=True)
class Field:
    kind: str
    is_required: bool
    is_many: bool


def _fields(**kinds: str) -> dict[str, Field]:
    """Read `kind`, `kind!` (required), `kind*` (array)."""
    return {
        name: Field(kind.rstrip("!*"), kind.endswith("!"), "*" in kind)
        for name, kind in kinds.items()
    }


CLASSES: dict[str, dict[str, Field]] = {
    "OpenBadgeCredential": _fields(
        id="iri!",
        name="text",
        description="text",
        image="Image",
        awardedDate="datetime",
        credentialSubject="AchievementSubject!",
        issuer="Profile!",
        validFrom="datetime!",
        validUntil="datetime",
        evidence="Evidence*",
        credentialStatus="credentialStatus",
        credentialSchema="reference*",
        refreshService="reference",
        termsOfUse="typed*",
    ),
    "AchievementSubject": _fields(
        id="iri",
        achievement="Achievement!",
        identifier="IdentityObject*",
        result="Result*",
        image="Image",
        source="Profile",
        activityStartDate="datetime",
        activityEndDate="datetime",
        creditsEarned="number",
        licenseNumber="text",
        narrative="text",
        role="text",
        term="text",
    ),
    "Achievement": _fields(
        id="iri!",
        name="text!",
        description="text!",
        criteria="criteria!",
        achievementType="achievement_type",
        alignment="Alignment*",
        creator="Profile",
        creditsAvailable="number",
        fieldOfStudy="text",
        humanCode="text",
        image="Image",
        inLanguage="language",
        otherIdentifier="IdentifierEntry*",
        related="Related*",
        resultDescription="ResultDescription*",
        specialization="text",
        tag="text*",
        version="text",
    ),
    "Profile": _fields(
        id="iri!",
        name="text",
        url="iri",
        description="text",
        email="text",
        phone="text",
        official="text",
        image="Image",
        address="Address",
        parentOrg="Profile",
        otherIdentifier="IdentifierEntry*",
        givenName="text",
        familyName="text",
        additionalName="text",
        patronymicName="text",
        honorificPrefix="text",
        honorificSuffix="text",
        familyNamePrefix="text",
        dateOfBirth="text",
    ),
    "Alignment": _fields(
        targetName="text!",
        targetUrl="iri!",
        targetCode="text",
        targetDescription="text",
        targetFramework="text",
        targetType="target_type",
    ),
    "ResultDescription": _fields(
        id="iri!",
        name="text!",
        resultType="result_type!",
        alignment="Alignment*",
        allowedValue="text*",
        requiredLevel="iri",
        requiredValue="text",
        rubricCriterionLevel="RubricCriterionLevel*",
        valueMax="text",
        valueMin="text",
    ),
    "RubricCriterionLevel": _fields(
        id="iri!",
        name="text!",
        description="text",
        level="text",
        points="text",
        alignment="Alignment*",
    ),
    "Result": _fields(
        resultDescription="iri",
        status="status",
        value="text",
        achievedLevel="iri",
        alignment="Alignment*",
    ),
    "Evidence": _fields(
        id="iri", name="text", description="text", narrative="text", genre="text", audience="text"
    ),
    "IdentityObject": _fields(
        hashed="boolean!", identityHash="text!", identityType="identifier_type!", salt="text"
    ),
    "IdentifierEntry": _fields(identifier="text!", identifierType="identifier_type!"),
    "Image": _fields(id="iri!", caption="text"),
    "Related": _fields(id="iri!", inLanguage="language", version="text"),
    "Address": _fields(
        addressCountry="text",
        addressCountryCode="text",
        addressRegion="text",
        addressLocality="text",
        streetAddress="text",
        postOfficeBoxNumber="text",
        postalCode="text",
        geo="GeoCoordinates",
    ),
    "GeoCoordinates": _fields(latitude="number!", longitude="number!"),
    "BitstringStatusListCredential": _fields(
        id="iri!",
        issuer="iri!",
        validFrom="datetime",
        validUntil="datetime",
        credentialSubject="BitstringStatusList!",
    ),
    "BitstringStatusList": _fields(id="iri", statusPurpose="text!", encodedList="text!"),
    # Objects that the specification names by their place, not by their type.
    "criteria": _fields(id="iri", narrative="text"),
    "typed": _fields(id="iri"),
    "reference": _fields(id="iri!"),
    "credentialStatus": _fields(
        id="iri!", statusPurpose="text", statusListIndex="text", statusListCredential="iri"
    ),
}
SINGLE_TYPES = {
    *("IdentityObject", "IdentifierEntry", "Image", "GeoCoordinates", "BitstringStatusList"),
}
TYPED = {"typed", "reference", "credentialStatus"}

_IDENTIFIERS = (
    *("name", "sourcedId", "systemId", "productId", "userName", "accountId", "emailAddress"),
    *("nationalIdentityNumber", "isbn", "issn", "lisSourcedId", "oneRosterSourcedId"),
    *("sisSourcedId", "ltiContextId", "ltiDeploymentId", "ltiToolId", "ltiPlatformId"),
    *("ltiUserId", "identifier", EXTENSION),
)
_ACHIEVEMENTS = (
    *("Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment", "AssociateDegree"),
    *("Award", "Badge", "BachelorDegree", "Certificate", "CertificateOfCompletion"),
    *("Certification", "CommunityService", "Competency", "Course", "CoCurricular", "Degree"),
    *("Diploma", "DoctoralDegree", "Fieldwork", "GeneralEducationDevelopment"),
    *("JourneymanCertificate", "LearningProgram", "License", "Membership"),
    *("ProfessionalDoctorate", "QualityAssuranceCredential", "MasterCertificate", "MasterDegree"),
    *("MicroCredential", "ResearchDoctorate", "SecondarySchoolDiploma", EXTENSION),
)
_RESULTS = (
    *("GradePointAverage", "LetterGrade", "Percent", "PerformanceLevel", "PredictedScore"),
    *("RawScore", "Result", "RubricCriterion", "RubricCriterionLevel", "RubricScore"),
    *("ScaledScore", "Status", EXTENSION),
)
_TARGETS = (
    *("ceasn:Competency", "ceterms:Credential", "CFItem", "CFRubric", "CFRubricCriterion"),
    *("CFRubricCriterionLevel", "CTDL", EXTENSION),
)
_STATUSES = (
    *("Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"),
)
VOCABULARIES = {
    "identifier_type": frozenset(_IDENTIFIERS),
    "achievement_type": frozenset(_ACHIEVEMENTS),
    "result_type": frozenset(_RESULTS),
    "target_type": frozenset(_TARGETS),
    "status": frozenset(_STATUSES),
}
