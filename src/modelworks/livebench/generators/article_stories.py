"""The stories that articles tell: slots with the sentences that may fill them, in order, and the plain telling."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """`slots`: one sentence of each makes the article. `plain`: one of each, without commas, tells it simply."""

    slots: tuple[tuple[str, ...], ...]
    plain: tuple[tuple[str, ...], ...]


STORIES = (
    Story(
        (
            (
                "The council of {town} voted on {day} to close the old bridge to traffic for {few} weeks.",
                "After a long debate, councillors in {town} agreed on {day} to shut the old bridge for {few} weeks.",
            ),
            (
                "Engineers had found cracks in {some} of its stones during an inspection in {month}.",
                "An inspection in {month} had shown that {some} of its stones were cracked.",
            ),
            (
                '"Nobody wants this, but safety comes first," said {name}, who leads the works department.',
                "{name}, who leads the works department, called the decision painful but necessary.",
            ),
            (
                "About {many} drivers use the crossing every morning, most of them on their way to {other}.",
                "The crossing carries some {many} vehicles every morning, many of them bound for {other}.",
            ),
            (
                "Buses will take the longer road along the river, which adds {few} minutes to the journey.",
                "A detour along the river will add around {few} minutes for buses and lorries.",
            ),
        ),
        (
            ("The old bridge in {town} is closed to traffic.", "The town of {town} has shut the old bridge."),
            ("Engineers found cracks in the stones.", "The stones were cracked."),
            ("Drivers must now take the longer road.", "The way to {other} is longer for now."),
        ),
    ),
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
                "The library of {town} reopened on {day} after a renovation that took {few} months.",
                "Readers in {town} have their library back: it opened its doors again on {day}.",
            ),
            (
                "The building now has a second floor, a reading garden and {some} new seats.",
                "A second floor and {some} additional seats were added, along with a small reading garden.",
            ),
            (
                "{name}, the head librarian, said the collection had grown by {many} books.",
                "According to {name}, the head librarian, {many} books were bought for the occasion.",
            ),
            (
                "Part of the money came from a sale of paintings that a former teacher had left to the town.",
                "A former teacher had left the town several paintings, and their sale paid for part of the work.",
            ),
            (
                "Opening hours will be longer in {month}, when students prepare for their exams.",
                "In {month} the doors will stay open until late, because many students prepare for exams then.",
            ),
        ),
        (
            ("The library of {town} is open again.", "The people of {town} have their library back."),
            ("It has a second floor and new seats.", "It now has more room for readers."),
            ("Paintings were sold to pay for the work.", "Part of the money came from paintings."),
        ),
    ),
    Story(
        (
            (
                "Heavy rain flooded {some} cellars in {town} during the night to {day}.",
                "After hours of heavy rain, {some} cellars in {town} stood under water on {day} morning.",
            ),
            (
                "The fire brigade was called {many} times and asked for help from {other}.",
                "Fire crews from {town} and {other} answered {many} calls before sunrise.",
            ),
            (
                "{name}, who owns a bakery on the market square, lost two ovens and all the flour in store.",
                "The bakery of {name} lost its ovens, and neighbours brought buckets and brooms to help.",
            ),
            (
                "Nobody was hurt, although a tree fell across the railway line.",
                "There were no injuries, but a fallen tree blocked the railway for {few} hours.",
            ),
            (
                "The drains had last been cleaned in {month}, a spokesman said, and were not to blame.",
                "Critics say the drains should have been cleaned in {month}; the town denies this.",
            ),
        ),
        (
            ("Heavy rain flooded cellars in {town}.", "There was a flood in {town} after heavy rain."),
            ("Fire crews from {other} came to help.", "The fire brigade was called many times."),
            ("Nobody was hurt by the water.", "No person was hurt in the night."),
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
                "The prize of {many} crowns will go to the youth club of {town}.",
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
                "Trains between {town} and {other} will run every half hour from {month}.",
                "The railway will double the number of trains between {town} and {other} in {month}.",
            ),
            (
                "The timetable had not changed for {some} years.",
                "It is the first change of the timetable in {some} years.",
            ),
            (
                "{name}, who speaks for the passengers, welcomed the plan but asked for more seats.",
                "A passenger group led by {name} had collected {many} signatures for it.",
            ),
            (
                "The company needs {few} additional drivers, and it has already trained most of them.",
                "Most of the {few} additional drivers have already been trained.",
            ),
            (
                "Tickets will cost slightly more, except for pupils and people over seventy.",
                "Prices will rise slightly; pupils and people over seventy will pay what they do today.",
            ),
        ),
        (
            ("There will be more trains between {town} and {other}.", "Trains to {other} will run more often."),
            ("The company has trained new drivers.", "New drivers are ready for the work."),
            ("Tickets will cost a bit more.", "Most people will pay a bit more."),
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
                "The parts cost {many} crowns, most of which came from a cake sale.",
                "A cake sale brought in most of the {many} crowns that the parts had cost.",
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
    Story(
        (
            (
                "Farmers around {town} are harvesting {few} days earlier than last year.",
                "The harvest around {town} began on {day}, {few} days earlier than last year.",
            ),
            (
                "A warm spring and little rain in {month} are the reasons, according to {name} of the growers' union.",
                "{name}, who speaks for the growers, blames a dry {month}.",
            ),
            (
                "Apples are smaller than usual but sweeter, and {some} percent of them will be pressed into juice.",
                "The apples are small and sweet; more than {some} percent will end up as juice.",
            ),
            (
                "A new press in {other} can handle {many} crates a day.",
                "They are taken to {other}, where a new press handles {many} crates a day.",
            ),
            (
                "Workers are hard to find, so several farms have asked students for help.",
                "Because workers are scarce, students have been asked to help at weekends.",
            ),
        ),
        (
            ("The harvest near {town} is early this year.", "Farmers near {town} are at work early."),
            ("The weather was warm and dry.", "There was not much rain."),
            ("Most apples are pressed into juice in {other}.", "The apples are small and sweet."),
        ),
    ),
)
