"""Launches per second and core: Credlet beside stock PyLTI1p3 and ltijs, in one run.

`python -m tests.benchmarks.launches --help`. One launch is a login and the platform's answer to
it, until the tool has answered that (with a redirect or a page). Logins are made first, tokens
signed meanwhile, launches sent then, all over connections that are kept open; rounds of the tools
take turns. What counts is the CPU time of a tool's processes, because machines are shared; time
by the clock and the database's CPU time are printed beside it.

Read the peers' figures for what they are: stock PyLTI1p3 keeps everything in the memory of one
process and stores nothing that lasts; ltijs stores the launch in PostgreSQL; Credlet stores it
there too, and besides person, course, link, enrolment, judgement and outbox. The bare ones are no
tools: they show what two requests, a signature and so many statements cost on this machine.
"""
