"""What the documents print: each claim with its page, other facts, and what the reading of each claim has to say.

Page numbers are those of the contents page and the page breaks of "PCCs Making a Difference. In Focus: Innovative and
Effective Approaches to Tackling Serious Violence" (Association of Police and Crime Commissioners, 2023), and of the
Trafford strategy for 2024 to 2027; the Safer Trafford strategy for 2015 to 2018 has none. The Manchester strategy for
2022 to 2025 has a contents page and no page breaks in the text at hand: "13 to 16" is the part that begins on page 13.
"""

IN_FOCUS, SAFER_TRAFFORD = "004_f6a528b191e6438b.txt", "002_b16d7b663ef3a96f.txt"
TRAFFORD, STAFFORDSHIRE = "000_86dd4aa45f2634e1.txt", "003_f2896311336c0217.txt"
MANCHESTER = "001_bf9b9ff8e24efe8a.txt"

CLAIMS: dict[tuple[str, str], tuple[str, int | str | None, str]] = {
    ("habitual-knife-carriers", "hkc1"): (IN_FOCUS, 18, "with a 76% reduction in occurrences that the participating "
        "group of 44 young people were linked to as suspects or offenders"),
    ("habitual-knife-carriers", "hkc2"): (IN_FOCUS, 18, "Of 43 young people who were linked to at least one "
        "occurrence in 12 months before referral, 37 reduced their frequency of offending; of these, 32 had been "
        "linked to no further occurrences after referral"),
    ("habitual-knife-carriers", "hkc2b"): (IN_FOCUS, 18, "Of 43 young people who were linked to at least one "
        "occurrence in 12 months before referral, 37 reduced their frequency of offending; of these, 32 had been "
        "linked to no further occurrences after referral"),
    ("habitual-knife-carriers", "hkc3"): (IN_FOCUS, 18, "24 young people had been linked to a crime occurrence as a "
        "victim in the 12 months before referral. After referral, the vast majority (20) of these were not linked to "
        "further occurrences as victims"),
    ("sussex-violence-reduction", "sus1"): (IN_FOCUS, 16, "in the 12 months to June 2023, there was a 10% reduction of "
        "Public Place (Non-Domestic) Serious Violence Crime in Sussex compared to the baseline year (pre-funding year "
        "to March 2019)"),
    ("sussex-violence-reduction", "sus2"): (IN_FOCUS, 16, "The biggest reductions in Serious Violent Crime have "
        "been in Brighton & Hove, with a reduction of 29%, or 177 fewer "
        "offences since the pre-funding year to March 2019"),
    ("sussex-violence-reduction", "sus3"): (IN_FOCUS, 16, "a total of 1,841 individuals have already been reached "
        "through VRP-funded interventions"),
    ("greater-manchester-violence-reduction", "gm1"): (IN_FOCUS, 38, "17% reduction in hospital admissions due to "
        "assault by a sharp object among victims aged under 25 compared to 2021"),
    ("greater-manchester-violence-reduction", "gm2"): (IN_FOCUS, 38, "Homicides down by 27% compared to 2021"),
    ("greater-manchester-violence-reduction", "gm3"): (IN_FOCUS, 38, "Knife-enabled homicides down by 19% compared to "
        "2021"),
    ("greater-manchester-violence-reduction", "gm6"): (IN_FOCUS, 38, "Over 800 total referrals to the Navigator "
        "service"),
    ("greater-manchester-violence-reduction", "gm7"): (IN_FOCUS, 38, "More than 10,000 young people involved in "
        "prevention activities"),
    ("greater-manchester-violence-reduction", "gm8"): (IN_FOCUS, 38, "Over 1,129 young people involved in community "
        "sport"),
    ("merseyside-violence-reduction", "mer1"): (IN_FOCUS, 43, "3% reduction in serious violence crime incidents "
        "recorded by Merseyside Police"),
    ("merseyside-violence-reduction", "mer2"): (IN_FOCUS, 43, "10.9% reduction in people attending the emergency "
        "department for serious violence-related injuries"),
    ("merseyside-violence-reduction", "mer3"): (IN_FOCUS, 43, "14.7% reduction in call outs by the North West "
        "Ambulance Service for a serious violence-related incidents"),
    ("merseyside-violence-reduction", "mer4"): (IN_FOCUS, 47, "for every £1 spent by each VRU, there is a cost "
        "benefit saving to the local economy of £3.16"),
    ("merseyside-violence-reduction", "mer5"): (IN_FOCUS, 47, "in 2019/20, violence cost an estimated £185.4 million "
        "on Merseyside"),
    ("merseyside-violence-reduction", "mer6"): (IN_FOCUS, 43, "More than 21,000 beneficiaries engaged in preventive "
        "interventions"),
    ("merseyside-violence-reduction", "mer7"): (IN_FOCUS, 43, "Almost 8,500 young people benefitting from sports, "
        "arts, and culturally based interventions"),
    ("merseyside-violence-reduction", "mer8"): (IN_FOCUS, 46, "helping to reduce re-offending rates"),
    ("nottinghamshire-violence-reduction", "not1"): (IN_FOCUS, 29, "Levels of serious violence recorded by "
        "Nottinghamshire police in 2022 were 8% lower than those recorded during the pre-pandemic year of 2019"),
    ("nottinghamshire-violence-reduction", "not2"): (IN_FOCUS, 30, "51% of Nottingham and Nottinghamshire Violence "
        "Reduction Partnership (NNVRP) core Home Office funding allocation, £724k, has been allocated to commissioning "
        "interventions to support over 4,500 children and young people"),
    ("humber-violence-prevention", "hum1"): (IN_FOCUS, 54, "around £750,000 invested in a variety of programmes "
        "engaging with over 2,000 young people"),
    ("humber-violence-prevention", "hum2"): (IN_FOCUS, 53, "recorded over 16,000 engagements with young people"),
    ("salford-mentoring", "gm4"): (IN_FOCUS, 40, "Over 90% of those that had a mentor, reported improved personal "
        "health and wellbeing"),
    ("salford-mentoring", "gm5"): (IN_FOCUS, 40, "In the 18 months since launch, over 400 young people have been "
        "supported"),
    ("hampshire-night-time-economy", "hvct4"): (IN_FOCUS, 36, "there was a 36% reduction in offending in the "
        "night-time economy during the trial"),
    ("safer-trafford-super-victims", "st3"): (SAFER_TRAFFORD, None, "Reduce the number of repeat victims by 20% "
        "within the super-victim cohort (43 identified chronic repeat victims)"),
    ("faith-alliance", "wm1"): (IN_FOCUS, 12, "It has grown from around 30 members in February 2020, to over 400 "
        "members by July 2023"),
    ("faith-alliance", "wm1-units"): (IN_FOCUS, 12, "The West Midlands is one of only two Violence Reduction Units "
        "(VRUs), of which there are 21 in total nationally"),
    ("youth-work-charter", "not3"): (IN_FOCUS, 32, "40 organisations have signed up"),
    ("youth-work-charter", "not4"): (IN_FOCUS, 33, "The training academy has 27 students from 17 different "
        "organisations"),
    ("youth-work-charter", "not1"): (IN_FOCUS, 29, "Levels of serious violence recorded by Nottinghamshire police in "
        "2022 were 8% lower than those recorded during the pre-pandemic year of 2019"),
    ("oasis-navigators", "ma2"): (MANCHESTER, "13 to 16", "Because of the success of the project, it has now been "
        "extended to take referrals from any person who lives in or is educated in Greater Manchester"),
    ("oasis-navigators", "gm6"): (IN_FOCUS, 38, "Over 800 total referrals to the Navigator service"),
    ("lancashire-navigators", "lan3"): (IN_FOCUS, 58, "Over 3,000 people reached through the Emergency Department "
        "Navigator programme"),
    ("lancashire-navigators", "lan1"): (IN_FOCUS, 58, "55% reduction in hospital admissions for assaults with a knife "
        "or sharp object"),
    ("lancashire-navigators", "lan4"): (IN_FOCUS, 58, "Homicides reduced"),
    ("lancashire-champions", "lan2-adult"): (IN_FOCUS, 60, "Lancashire Champions Adult Project has reached 414 young "
        "people aged 18-25"),
    ("lancashire-champions", "lan2-youth"): (IN_FOCUS, 60, "Lancashire Champions Youth Project has reached 594 young "
        "people under the age of 18"),
    ("lancashire-champions", "lan2"): (IN_FOCUS, 58, "Over 1,000 young people reached through the Champions programme"),
    ("lancashire-champions", "lan-outcomes"): (IN_FOCUS, 58, "Some amazing outcomes have been achieved by the young "
        "people engaging with programmes"),
    ("engage-panels", "ma1"): (MANCHESTER, "18 to 20", "following the successful Engage pilot in the south of the "
        "city"),
    ("engage-panels", "ma1-across"): (MANCHESTER, "13 to 16", "Engage panels are well-established multiagency panels "
        "across the city chaired by GMP"),
}  # fmt: skip
"""Each claim as the document prints it, and where."""

FACTS: tuple[tuple[str, str, str, str], ...] = (
    ("habitual-knife-carriers", "number: 44", IN_FOCUS, "participating group of 44 young people"),
    ("sussex-violence-reduction", "number: 1841", IN_FOCUS, "1,841 individuals"),
    (
        "greater-manchester-violence-reduction",
        "start: 2019",
        TRAFFORD,
        "Violence Reduction Unit which was formed in 2019",
    ),
    (
        "greater-manchester-violence-reduction",
        "One of the 20 areas",
        IN_FOCUS,
        "Established in the twenty areas most affected by violent crime",
    ),
    (
        "merseyside-violence-reduction",
        "nearly 300 professionals from 13 organisations",
        IN_FOCUS,
        "Nearly 300 professionals from 13 different organisations",
    ),
    ("merseyside-violence-reduction", "number: 2000", IN_FOCUS, "more than 2,000 were potentially high risk"),
    ("merseyside-violence-reduction", "start: 2019", IN_FOCUS, "Since 2019, this team"),
    ("nottinghamshire-violence-reduction", "June 2023", IN_FOCUS, "IN JUNE 2023, THE VRP LAUNCHED ITS YOUTH WORK"),
    ("humber-violence-prevention", "33 projects", IN_FOCUS, "they commissioned 33 different interventions"),
    (
        "humber-violence-prevention",
        "team not fully in place until January 2023",
        IN_FOCUS,
        "not fully in place until January 2023",
    ),
    ("humber-violence-prevention", "Announced in January 2022", IN_FOCUS, "In January 2022, it was announced"),
    ("humber-violence-prevention", "£35,000 each", IN_FOCUS, "VPP FUNDING - £35,000"),
    ("salford-mentoring", "number: 64", IN_FOCUS, "Sixty-four young people aged 10-18"),
    (
        "hampshire-night-time-economy",
        "rated amber for risk",
        IN_FOCUS,
        "risk status of those weekends from amber to green",
    ),
    ("safer-trafford-super-victims", "Two co-ordinators", SAFER_TRAFFORD, "two partnership intervention co-ordinators"),
    ("faith-alliance", "some 18", IN_FOCUS, "some 18 leading faith activists"),
    ("faith-alliance", "until March 2025", IN_FOCUS, "will end in March 2025"),
    ("faith-alliance", "18 and 2 new ones", IN_FOCUS, "joining 18 existing VRUs"),
    ("youth-work-charter", "8 young people trained to teach", IN_FOCUS, "8 young people that have been trained"),
    ("youth-work-charter", "Training from 2022", IN_FOCUS, "In 2022, the VRP launched its"),
    ("another-chance", "focused deterrence", TRAFFORD, "programme based on the focused deterrence model"),
    (
        "another-chance",
        "comparatively small",
        TRAFFORD,
        "numbers being analysed in the borough are comparatively small",
    ),
    (
        "staffordshire-navigator",
        "Appropriate settings",
        STAFFORDSHIRE,
        "programme in appropriate settings to interrupt violence",
    ),
    ("oasis-navigators", "Four hospitals", MANCHESTER, "services in four hospitals across the region"),
    (
        "oasis-navigators",
        "The Manchester Royal Infirmary and Children's Hospital",
        MANCHESTER,
        "The Manchester Royal Infirmary and Children's Hospital are both taking part in this pilot",
    ),
    ("oasis-navigators", "at peak times", MANCHESTER, "at the A&E departments during peak times"),
    (
        "oasis-navigators",
        "a possible serious violence-related injury",
        MANCHESTER,
        "aged 10–25 presenting at A&E with a possible serious violence-related injury",
    ),
    ("oasis-navigators", "support networks near home", MANCHESTER, "assisting with access to local support networks"),
    ("oasis-navigators", "an annual report for 2022/23", IN_FOCUS, "VRU RECENTLY PUBLISHED ITS 2022/23 ANNUAL REPORT"),
    (
        "lancashire-navigators",
        "to help people cope and recover from their experience of violence",
        IN_FOCUS,
        "Emergency Department Navigator programme to help people cope and recover from their experience of violence",
    ),
    ("lancashire-navigators", "in hospital A&Es", IN_FOCUS, "Navigator programme in hospital A&Es"),
    ("lancashire-navigators", "an annual report for 2022/23", IN_FOCUS, "PUBLISHED ITS 2022/23 ANNUAL REPORT"),
    ("lancashire-navigators", "The network began in 2019", IN_FOCUS, "From the start of the Network in 2019"),
    ("lancashire-navigators", "£5m secured in 2022", IN_FOCUS, "OPCC securing £5m in 2022 to continue the work"),
    (
        "lancashire-navigators",
        "A reduced grant is expected for each of two years",
        IN_FOCUS,
        "LVRN will receive a reduced grant for each of the next two years",
    ),
    (
        "lancashire-navigators",
        "its money ends in March 2025",
        IN_FOCUS,
        "at the end of the life of the current funding allocation in March 2025",
    ),
    (
        "lancashire-navigators",
        "yearly money makes it hard to have something that lasts",
        IN_FOCUS,
        "long-lasting impact, due to the short-term nature of annual grant funding",
    ),
    ("lancashire-navigators", "every strand has evaluation built in", IN_FOCUS, "embeds evaluation into each work"),
    ("lancashire-navigators", "policing of hot spots went up", IN_FOCUS, "increased enforcement in hotspot areas"),
    (
        "lancashire-champions",
        "quarter 1 to quarter 3 of 2022/23",
        IN_FOCUS,
        "The figures below are taken from quarter 1 to quarter 3 of the 2022/23 financial year",
    ),
    (
        "lancashire-champions",
        "is not currently collected",
        IN_FOCUS,
        "Information on re-offending is not currently collected but it is suggested this could be done manually",
    ),
    (
        "lancashire-champions",
        "building meaningful relationships, positive role modelling and support attending appointments",
        IN_FOCUS,
        "Champions building meaningful relationships, positive role modelling and support attending appointments",
    ),
    (
        "lancashire-champions",
        "housing, finances, benefits, wellbeing, volunteering and community activities",
        IN_FOCUS,
        "client outcome data about housing, finances, benefits, wellbeing, volunteering and community activities",
    ),
    (
        "lancashire-champions",
        "Lancashire's football club community trusts",
        IN_FOCUS,
        "in partnership with Lancashire's football club community trusts",
    ),
    ("lancashire-champions", "had taken a knife to school", IN_FOCUS, "after taking a knife into school"),
    ("engage-panels", "focuses on the voice of the child", MANCHESTER, "which focuses on the voice of the child"),
    ("engage-panels", "It acts by consent", MANCHESTER, "This is a consent-based approach"),
    ("engage-panels", "launched in March 2022", MANCHESTER, "The taskforce was launched in March 2022"),
    (
        "engage-panels",
        "Panels for the central and north areas are announced",
        MANCHESTER,
        "We will develop prevention and early intervention panels in both the central and north areas of the city",
    ),
    (
        "engage-panels",
        "The strategy promises to identify and challenge disproportionality",
        MANCHESTER,
        "We will continue to identify and challenge disproportionality in our systems and practices",
    ),
    (
        "engage-panels",
        "the Antisocial Behaviour Action Team",
        MANCHESTER,
        "Greater Manchester Police, Health, Education, Early Help, Youth Justice, the Antisocial Behaviour Action Team",
    ),
)
"""Other figures and facts: words of the study file, and the words of the document that they rest on."""

VERDICTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("habitual-knife-carriers", "hkc1"): ("cannot be recomputed", "How long they were followed", "risk was high"),
    ("habitual-knife-carriers", "hkc2"): ("86.0% (95% interval 73% to 93%)", "time after is not stated"),
    ("habitual-knife-carriers", "hkc2b"): ("74.4% (95% interval 60% to 85%)", "time after is not stated"),
    ("habitual-knife-carriers", "hkc3"): ("83.3% (95% interval 64% to 93%)", "at least one"),
    ("sussex-violence-reduction", "sus1"): ("cannot be recomputed", "nothing is set beside"),
    ("sussex-violence-reduction", "sus2"): ("601 to 621", "424 to 444", "best of several"),
    ("sussex-violence-reduction", "sus3"): ("people reached",),
    ("greater-manchester-violence-reduction", "gm1"): ("fewer than 90", "takes in no change", "pandemic"),
    ("greater-manchester-violence-reduction", "gm2"): ("No count is printed", "99"),
    ("greater-manchester-violence-reduction", "gm3"): ("16 to 13, 21 to 17 or 26 to 21", "203"),
    ("merseyside-violence-reduction", "mer1"): ("No counts and no baseline period",),
    ("merseyside-violence-reduction", "mer2"): ("No counts and no baseline period",),
    ("merseyside-violence-reduction", "mer3"): ("No counts and no baseline period",),
    ("merseyside-violence-reduction", "mer4"): ("not traced", "£4.10", "not an estimate for Merseyside"),
    ("merseyside-violence-reduction", "mer5"): ("cost of all violence", "not a saving"),
    ("merseyside-violence-reduction", "mer8"): ("No figure is printed",),
    ("nottinghamshire-violence-reduction", "not1"): ("No counts", "one single year beside another"),
    ("nottinghamshire-violence-reduction", "not2"): ("£1.42 million", "£161 a head"),
    ("humber-violence-prevention", "hum1"): ("£375 a head",),
    ("humber-violence-prevention", "hum2"): ("Engagements are not people",),
    ("salford-mentoring", "gm4"): ("58 or more", "90.6% (95% interval 81% to 96%)", "How many answered is not"),
    ("hampshire-night-time-economy", "hvct4"): ("cannot be recomputed: no counts",),
    ("safer-trafford-super-victims", "st3"): ("8.6 people", "20.9%", "picked for"),
    ("faith-alliance", "wm1-units"): ("say 20 (18 and 2 new ones)",),
    ("youth-work-charter", "not3"): ("no outcome",),
    ("oasis-navigators", "ma2"): ("No figure stands behind",),
    ("oasis-navigators", "gm6"): ("counts referrals", "Oasis is not named there"),
    ("lancashire-navigators", "lan1"): ("No counts and no years", "cannot be recomputed"),
    ("lancashire-navigators", "lan3"): ("about 8 a day", "what counts as reached, is not printed"),
    ("lancashire-navigators", "lan4"): ("No figure is printed",),
    ("lancashire-champions", "lan2"): ("414 and 594 are 1,008",),
    ("lancashire-champions", "lan2-youth"): ("59 in 100",),
    ("lancashire-champions", "lan-outcomes"): ("no figure is printed",),
    ("engage-panels", "ma1"): ("No figure is printed",),
    ("engage-panels", "ma1-across"): ("Both are printed",),
}  # fmt: skip
"""What the reading of each claim has to say: the verdicts of the list of published claims."""
