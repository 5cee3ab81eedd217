"""Stories of what happened to towns."""

from modelworks.livebench.generators.story import Story

OF_TOWNS = (
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
