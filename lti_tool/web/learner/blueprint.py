"""The blueprint that the modules of this package fill."""

from flask import Blueprint

blueprint = Blueprint("learner", __name__, url_prefix="/launches/<uuid:launch_id>")
