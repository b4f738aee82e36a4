"""What is wrong with a training: measurements of the network, its step and its data, each named in plain words.

`subject` says what is examined, `examination` has the table of symptoms, and `records` what comes out. A symptom is a
function of the subject alone, so it serves a study, a run and a person's own file alike.
"""
