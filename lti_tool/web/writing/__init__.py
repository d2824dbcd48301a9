"""The form in which a definition is written: by a teacher inside a launch, and by an administrator.

`routes.mount` puts the same pages under both; `seat.Seat` is what differs between the two.
"""
