"""The blueprint that the modules of this package fill."""

from flask import Blueprint

from lti_tool.web.http.security import API_BLUEPRINT

blueprint = Blueprint(API_BLUEPRINT, __name__)
