"""Stories of what people did."""

from modelworks.livebench.generators.story import Story

OF_PEOPLE = (
    Story(
        (
            (
                "A rescued owl was released near {town} on {day} after {few} weeks in care.",
                "An owl that had been found in a chimney was set free near {town} on {day}.",
            ),
            (
                "The bird was discovered in {month} by {name}, who had heard scratching behind a wall.",
                "{name} had found the bird in {month} and carried it to the station in a shoe box.",
            ),
            (
                "It weighed only {many} grams and could not open its left wing.",
                "At that time it weighed {many} grams and refused all food.",
            ),
            (
                "Volunteers fed it every few hours, even at night, until it was strong enough to fly.",
                "A team of {few} volunteers took turns to feed it through the night.",
            ),
            (
                "Around {some} people came to the meadow to watch, among them two school classes.",
                "The release drew {some} onlookers, and the children were asked to keep silent.",
            ),
            (
                "The owl circled the meadow once and disappeared towards {other}.",
                "It sat on a fence post for a while, then flew off in the direction of {other}.",
            ),
        ),
        (
            ("A rescued owl was set free near {town}.", "An owl flew free again near {town}."),
            ("{name} found the bird behind a wall.", "The bird had been found by {name}."),
            ("Volunteers fed it until it could fly.", "It was fed by volunteers day and night."),
        ),
    ),
    Story(
        (
            (
                "{name} of {town} won the regional chess tournament on {day} without losing a game.",
                "Chess player {name} took the regional title on {day} and did not lose a single game.",
            ),
            (
                "The event in {other} drew {many} players, the youngest of whom was nine years old.",
                "A total of {many} players had travelled to {other}, more than ever before.",
            ),
            (
                "The final lasted {few} hours and was decided by a quiet move of a pawn.",
                "In the final, which took {few} hours, a small pawn move made the difference.",
            ),
            (
                '"I had planned to go home early," the winner told reporters, "so I had no time to be nervous."',
                "The winner, who works as a nurse, learned the game from a neighbour.",
            ),
            (
                "The prize of {money} crowns will go to the youth club of {town}.",
                "The youth club of {town} will receive the prize money and {some} new boards.",
            ),
        ),
        (
            ("{name} won the chess tournament in {other}.", "The chess title went to {name}."),
            ("The winner did not lose a game.", "No game was lost on the way."),
            ("The prize will go to the youth club.", "The youth club of {town} will get the prize."),
        ),
    ),
    Story(
        (
            (
                "A bakery in {town} has stopped throwing bread away, and its sales have grown by {some} percent.",
                "Since {month} a bakery in {town} has sold yesterday's bread in the evening at half the price.",
            ),
            (
                "The idea came from {name}, an apprentice who counted {many} unsold loaves in one week.",
                "{name}, an apprentice, had counted {many} unsold loaves in one week and made a proposal.",
            ),
            (
                "What is left after closing is dried, ground and baked into crackers.",
                "The rest is dried and turned into crackers, which are sold in {other} as well.",
            ),
            (
                "Customers need to be patient, because the queue now reaches the corner on some evenings.",
                "On {day} evening the queue reached the corner, and some people brought folding chairs.",
            ),
            (
                "A shop in {other} wants to copy the scheme.",
                "Two shops in {other} have asked for advice.",
            ),
        ),
        (
            ("A bakery in {town} no longer throws bread away.", "In {town} old bread is no longer wasted."),
            ("The idea came from {name}.", "It was {name} who had the idea."),
            ("The rest is baked into crackers.", "Crackers are made from what is left."),
        ),
    ),
    Story(
        (
            (
                "Pupils of a school in {town} have built a weather station on their roof.",
                "A weather station built by pupils went into service in {town} on {day}.",
            ),
            (
                "It measures wind, rain and sunshine and sends the numbers to {other} every {few} minutes.",
                "Every {few} minutes it sends its readings of wind and rain to a centre in {other}.",
            ),
            (
                "Their teacher, {name}, had expected the project to take a year; it took {few} weeks.",
                "{name}, who teaches physics, said that {some} pupils had worked on it after class.",
            ),
            (
                "The parts cost {money} crowns, most of which came from a cake sale.",
                "A cake sale brought in most of the {money} crowns that the parts had cost.",
            ),
            (
                "During the storm in {month} the station kept working when two others failed.",
                "It passed its first test in {month}, when a storm broke two older stations nearby.",
            ),
        ),
        (
            ("Pupils in {town} built a weather station.", "A school in {town} has its own weather station."),
            ("{name} helped them with it.", "Their teacher is {name}."),
            ("It kept working in the storm.", "The storm did not stop it."),
        ),
    ),
    Story(
        (
            (
                "A painting that hung in the town hall of {town} for {some} years has turned out to be a copy.",
                "For {some} years visitors to {town} admired a painting that is not what it seemed.",
            ),
            (
                "The mistake was noticed by {name}, a student who compared the signature with old letters.",
                "{name}, a student, compared the signature with old letters and grew suspicious.",
            ),
            (
                "The original may be in a private house in {other}, experts believe.",
                "Experts believe that the original was sold to a family in {other} long ago.",
            ),
            (
                "Since the news broke on {day}, more visitors than ever have come to see the copy.",
                "On {day} alone, {many} people came to look at the copy.",
            ),
            (
                "The mayor said it would stay where it is, since everybody had grown fond of it.",
                "It will stay on the wall, the mayor said, with a new label underneath.",
            ),
        ),
        (
            ("A painting in {town} is a copy.", "The town hall of {town} has a copy on the wall."),
            ("{name} noticed the mistake.", "The mistake was found by {name}."),
            ("It will stay where it is.", "The mayor wants to leave it there."),
        ),
    ),
)
