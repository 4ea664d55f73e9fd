"""Editing a listing: a series with its sessions and questions, in both languages. These are services (docs/structure.md).

data.py       what an editor edits, as plain values: `read`, `to_json`, `from_json`
changes.py    what differs between two versions, in words, and how the work of two people is merged
saving.py     create and save a listing; which changes go live at once and which wait for staff
review.py     submit, publish, return and comment; approve or return the changes that wait
cancelling.py cancel a series with a message in both languages; cancel or postpone one session
repeat.py     dates such as "every second Thursday, six times"
duplicate.py  a new draft from an older series
checklist.py  what is missing before a listing is submitted or published, and how complete each language is
errors.py     why something was refused, each with a sentence for the page
"""
