"""A study that says everything that a plan must say, for tests of locks and rehearsals."""

from __future__ import annotations

import textwrap

DATE = "2025-11-21"
PLAN = textwrap.dedent("""\
    evalkit: 1
    title: Navigators in two emergency departments
    question: Do attendances after violence fall where navigators work?
    data:  # monthly counts
      source: csv
      path: data/attendances.csv
      unit: hospital
      period: month
      filter: {age: [10-17, 18-25]}
    intervention: {starts: {North: 2026-01, South: 2026-03, East: never, West: never}}
    outcomes:
      attendances:
        label: Attendances after violence
        kind: count
        better: lower
        minimum_important_change: 10
        measurement_affected: possible
      falls: {label: Attendances after falls, kind: count, role: negative_control, measurement_affected: unlikely}
    design: {kind: difference_in_differences, estimator: two_way_fixed_effects, transform: log}
    sensitivity:
      - {id: numbers, label: In numbers, design: {transform: identity}}
    falsification: []
    questions:
      - {id: q1, text: "Do attendances fall?", population: People aged 10 to 25, intervention: Navigators,
         comparator: Hospitals without, outcome: attendances, timeframe: Two years, decision: Whether to go on}
    rollout:
      unit_type: hospital
      assignment: Chosen by the board, not at random
      selected_on_outcome: not_selected
      co_interventions: []
      shocks: []
    governance:
      commissioner: The board
      analyst: A. Analyst
      assurer: B. Assurer
      approver: C. Approver
      independence: The board pays and may not edit
      conflicts: None
      registry: {name: Evaluation Registry, id: ER-1}
      contact: corrections@example.org
    programme:
      name: Navigators
      why: A hospital visit can be a moment in which a young person accepts help
      target_population: People aged 10 to 25
      eligibility: Attendance after violence
      tailoring: By need
      modifications: []
      fidelity_planned: [Share met within a day]
      funder: The board
      delivery_body: The trust
    theory_of_change:
      problem: Violence
      inputs: [Navigators]
      activities: [Meeting in the department]
      outputs: [Plans made]
      outcomes: {short: [Support taken up], medium: [Safer choices], long: [Fewer attendances]}
      assumptions: [Young people accept]
      external_factors: [Policing]
      unintended: [More reporting]
    choice_of_design:
      {why: Hospitals without navigators show what else moved, stronger_rejected: A trial could not be had}
    data_notes:
      title: Attendances by month
      access: controlled
      breaks: []
      dictionary: [{field: attendances, meaning: Attendances of the month}]
    ethics:
      data_protection_assessment: DPIA 12, January 2025
      lawful_basis: Public task
      sharing_agreement: DSA 4
      ethics_review: Not needed, counts alone
      safeguarding: Reported to the trust
      retention: Five years
      equality_duty: Looked at by age and sex
    assurance:
      statement: A second analyst runs the study file again
      use_of_ai: None
      assumptions_log: []
      decisions_log: []
    registration:
      data_seen_before_lock: none
      final_look: 2028-03
""")
