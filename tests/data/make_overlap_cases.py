"""Write the labelled cases for leaks and copies: `python tests/data/make_overlap_cases.py`.

Every text is invented and written by hand below. A case is a pair of rows and what a careful reader says of them:

* `leak_cases.jsonl`: would the training row spoil the score on the test row?
* `copy_cases.jsonl`: are two rows of one task the same thing twice?

Mechanical changes (a typing error, HTML, traditional characters) are applied to the hand-written texts with a generator
seeded by the family, so every run writes the same bytes. A third of the cases, chosen by the hash of the id, is `held`: those
are only counted, never read while rules are written.
"""

# ruff: noqa: E501  (the texts stay whole, one a line)

from __future__ import annotations

import hashlib
import html
import itertools
import json
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Case = dict[str, Any]

# English texts, all invented. Fields stand between " # ", parts of a title between " ~ ".
# {…} holds words that a text can lose without saying something else; {a|b} holds the two sides of a pair.

EN_TITLES = r"""
Kitchen # cordless electric kettle # Brewell ~ Electric Kettle ~ 1.7 L ~ Cordless Base ~ Brushed Stainless Steel ~ Auto Shut-Off
Audio # noise cancelling over ear headphones # Sonavo H9 ~ Over-Ear Headphones ~ Active Noise Cancelling ~ 40 h Battery ~ Foldable ~ Midnight Blue
Shoes # womens trail running shoes # Fellrun ~ Women's Trail Running Shoes ~ Grippy Lug Sole ~ Breathable Mesh ~ UK 6 ~ Coral
Pets # slow feeder dog bowl # Waggly ~ Slow Feeder Dog Bowl ~ Non-Slip Base ~ Medium & Large Breeds ~ Dishwasher Safe ~ Teal
Garden # expandable hose 30 m # Greenhalt ~ Expandable Garden Hose ~ 30 m ~ Brass Fittings ~ 8-Pattern Spray Gun ~ Kink-Free
Baby # convertible car seat # Tuckabee ~ Convertible Car Seat ~ Birth to 18 kg ~ Rear & Forward Facing ~ Washable Cover ~ Slate Grey
Tools # cordless drill with two batteries # Harrow & Pike ~ 18V Cordless Drill Driver ~ 2 Batteries ~ Keyless Chuck ~ 21 Torque Settings ~ Carry Case
Stationery # dotted journal a5 # Inkfold ~ A5 Dotted Journal ~ Hardcover ~ 160 gsm Paper ~ Elastic Band ~ Back Pocket ~ Moss Green
Beauty # vitamin c face serum # Lumisse ~ Vitamin C Face Serum ~ 30 ml ~ Hyaluronic Acid ~ Fragrance Free ~ For Dull Skin
Phones # rugged phone case # Caddex ~ Rugged Phone Case ~ Built-in Kickstand ~ Shockproof Corners ~ Raised Bezel ~ Olive
Bedding # king size duvet cover set # Nestwell ~ King Size Duvet Cover Set ~ Washed Linen ~ 2 Pillowcases ~ Coconut Buttons ~ Sand
Cycling # bike floor pump with gauge # Pedalo Pro ~ Bicycle Floor Pump ~ 160 PSI Gauge ~ Presta & Schrader ~ Steel Barrel ~ Red
Toys # wooden marble run # Timberkin ~ Wooden Marble Run ~ 62 Pieces ~ Bell Tower ~ Ages 4+ ~ Beech Wood ~ Gift Box
Grocery # ground coffee medium roast # Morrow Hill ~ Ground Coffee ~ Medium Roast ~ Notes of Cocoa & Fig ~ 340 g Bag ~ Fairtrade
Lighting # led desk lamp with wireless charger # Oriel ~ LED Desk Lamp ~ Wireless Charging Pad ~ 5 Colour Temperatures ~ Touch Dimmer ~ White
Camping # two person backpacking tent # Stonepath ~ 2 Person Backpacking Tent ~ 1.9 kg ~ Aluminium Poles ~ Full Rainfly ~ Pine
Computers # mechanical keyboard tenkeyless # Klackit TKL ~ Mechanical Keyboard ~ Hot-Swap Brown Switches ~ USB-C ~ RGB Backlight ~ UK Layout
Fitness # adjustable dumbbell 24 kg # Ironlane ~ Adjustable Dumbbell ~ 2 to 24 kg ~ Dial Select ~ Storage Tray ~ Single
Furniture # narrow shoe cabinet # Halden ~ Narrow Shoe Cabinet ~ 3 Flip Drawers ~ Wall Mounted ~ Oak Effect ~ 18 cm Deep
Jewellery # gold plated huggie earrings # Petite Ondine ~ Huggie Hoop Earrings ~ 18k Gold Plated ~ Cubic Zirconia ~ Hypoallergenic ~ 9 mm
Automotive # windscreen dash cam 1440p # Roadwit D2 ~ Dash Cam ~ 1440p ~ Night Vision ~ Parking Mode ~ G-Sensor ~ 64 GB Card Included
Fashion # mens waxed cotton jacket # Farrowdale ~ Men's Waxed Cotton Jacket ~ Corduroy Collar ~ Tartan Lining ~ Two-Way Zip ~ Dark Olive
Bathroom # bamboo bath mat # Luno ~ Bamboo Bath Mat ~ Slatted ~ 60 x 40 cm ~ Non-Slip Feet ~ Water Resistant Finish
Cleaning # cordless stick vacuum # Whirro V6 ~ Cordless Stick Vacuum ~ 25 kPa Suction ~ 45 min Runtime ~ HEPA Filter ~ Wall Dock
Photography # travel tripod carbon fibre # Steadman ~ Carbon Fibre Travel Tripod ~ Ball Head ~ Folds to 38 cm ~ Loads up to 8 kg ~ Phone Mount
Books # world atlas for children # Little Meridian ~ My First World Atlas ~ Illustrated ~ Lift the Flap ~ Hardback ~ Ages 5 to 8
Instruments # concert ukulele starter kit # Kailani ~ Concert Ukulele ~ Sapele Top ~ Gig Bag ~ Clip-On Tuner ~ Spare Strings
Travel # hard shell cabin suitcase # Voyla ~ Hard Shell Cabin Suitcase ~ 55 cm ~ 4 Spinner Wheels ~ TSA Lock ~ 2.4 kg ~ Rose
Crafts # air dry clay white 5 kg # Mouldy Hands ~ Air Dry Clay ~ 5 kg ~ White ~ No Kiln Needed ~ Resealable Bag ~ Non-Toxic
Office # ergonomic mesh office chair # Postura ~ Ergonomic Office Chair ~ Mesh Back ~ Lumbar Support ~ Flip-Up Arms ~ 130 kg Rated
Aquarium # nano fish tank with filter # Reefling ~ Nano Aquarium ~ 19 L ~ Curved Glass ~ Silent Filter ~ LED Hood ~ Black
Kitchen # cast iron dutch oven 5 l # Forgemere ~ Enamelled Cast Iron Dutch Oven ~ 5 L ~ Round ~ Self-Basting Lid ~ Juniper
Networking # mesh wifi 6 router three pack # Netwick M3 ~ Mesh Wi-Fi 6 System ~ 3 Pack ~ Covers 500 m² ~ Gigabit Ports ~ App Setup
Outdoor # insulated water bottle 1 litre # Hydrovale ~ Insulated Water Bottle ~ 1 L ~ Straw Lid ~ Powder Coated ~ BPA Free ~ Lilac
Health # wrist blood pressure monitor # Pulsewell ~ Wrist Blood Pressure Monitor ~ 2 x 99 Memory ~ Irregular Beat Alert ~ Large Display ~ Storage Box
Sewing # beginner sewing machine # Threadle 12 ~ Sewing Machine for Beginners ~ 12 Stitches ~ Foot Pedal ~ Extension Table ~ Mint
Party # biodegradable balloon arch kit # Hoopla ~ Balloon Arch Kit ~ 114 Pieces ~ Natural Latex ~ Sage & Gold ~ Glue Dots Included
Haircare # sulfate free curl shampoo # Coilette ~ Curl Defining Shampoo ~ Sulfate Free ~ Shea & Flaxseed ~ 400 ml ~ For Type 3-4 Hair
Storage # stackable clear drawer organiser # Clearly ~ Stackable Drawer Organiser ~ 14 Trays ~ Clear Plastic ~ For Make-Up & Desk
Sports # badminton racket set of 4 # Shuttleby ~ Badminton Set ~ 4 Rackets ~ 6 Shuttlecocks ~ Net & Poles ~ Carry Bag ~ Family
Smart home # smart plug energy monitoring # Wattly ~ Smart Plug ~ Energy Monitoring ~ 13 A ~ Voice Control ~ No Hub Needed ~ 4 Pack
Heating # oil filled radiator 2000w # Calorro ~ Oil Filled Radiator ~ 2000 W ~ 9 Fins ~ Thermostat ~ Tip-Over Switch ~ Castors
Gaming # wireless controller for pc # Padlock G1 ~ Wireless Game Controller ~ Hall Effect Sticks ~ Back Paddles ~ USB Dongle ~ Smoke
Food prep # mandoline slicer with guard # Slissor ~ Mandoline Slicer ~ 5 Thickness Settings ~ Hand Guard ~ Cut-Proof Gloves ~ Julienne Blade
Watches # solar field watch # Merrow ~ Solar Field Watch ~ 38 mm ~ Sapphire Crystal ~ 100 m Water Resistant ~ Canvas Strap
"""

EN_REVIEWS = r"""
kettle # negative # speed=positive, lid=negative # Boils {really} fast but the lid pops open {by itself} if you pour with your left hand, scalded my wrist {twice already}.
headphones # positive # sound=positive, comfort=negative # {Honestly} the bass on these is ridiculous for the money. My ears get hot after {about} an hour {though}, so not for long flights.
trail shoes # positive # grip=positive, sizing=negative # Took these straight up a muddy fell in February and {did} not {slip} once... toe box is narrow {for me}, go half a size up.
dog bowl # positive # cleaning=negative, function=positive # Our labrador used to inhale his dinner in ten seconds {flat}. With this maze thing it takes him {a good} six minutes. Gravy gets stuck in the grooves {a bit}.
garden hose # negative # durability=negative, value=negative # Burst on day three at the tap end. I {only} used it to water tomatoes. {Total} waste of forty quid.
car seat # positive # installation=negative, fabric=positive # The cover comes off in one piece and survives a 60 degree wash, which {honestly} sold me. Fitting it rear facing took {my husband and me} an hour and {several} rude words.
drill # positive # power=positive, battery=positive # Put up nine metres of fence {last weekend} on one battery. Chuck grips {well}, clutch clicks where it should, no complaints {so far}.
journal # neutral # paper=positive, binding=negative # Paper takes fountain pen ink {with} no {visible} bleed. Spine cracked {near page 40} though, so it no longer lies flat.
face serum # negative # skin reaction=negative # Gave me tiny bumps on my chin {within two days}. Stopped, they went. Started again, {and} they came back. Draw your own conclusions.
phone case # positive # protection=positive, weight=negative # dropped my phone off a ladder onto concrete and {there's} not a scratch!!! its a brick in the pocket {tho} lol
duvet cover # positive # fabric=positive, colour=negative # Gets softer every {single} wash. The colour {on my screen} looked like sand, in the bedroom it is {closer to} pale pink.
floor pump # negative # gauge=negative # The gauge reads {about} fifteen psi too high compared with my {old} digital one, so you end up with mushy tyres. Sturdy otherwise.
marble run # positive # fun=positive, instructions=negative # My two (4 and 7) {actually} played together for an entire rainy Sunday. Instructions are {tiny} pictures {only}, so the first tower took some guessing.
coffee # neutral # taste=neutral, price=negative # Decent {everyday} cup, more nut than cocoa. Wouldn't pay full price {again}, nine pounds a bag is silly.
desk lamp # negative # charging=negative, light=positive # Lovely {even} light {for reading}. The charging pad on the base gets {very} hot and stops at sixty percent {every time} with my phone.
tent # positive # weight=positive, space=negative # Light enough that I {completely} forgot it was in my pack. Two people only if you {really} like each other.
keyboard # positive # typing=positive, software=negative # The typing feel is superb, like stepping on {very} fresh snow. The software is Windows only and crashes {whenever I change a profile}.
dumbbell # negative # mechanism=negative # Dial jammed between 8 and 10 kg {after a month}, so now I own one {expensive} 8 kg dumbbell. Customer service answered {once} and then went quiet.
shoe cabinet # neutral # size=positive, assembly=negative # Fits {behind our front door} where nothing else would. Assembly: three evenings, two {stripped} screws, one argument. Men's 46 only goes in at an angle.
earrings # positive # comfort=positive, closure=negative # I sleep in these {every night} and have {completely} stopped noticing them. The hinge is stiff, {so} ask someone for help the first time.
dash cam # negative # video=negative, app=negative # You cannot read a single number plate after dark, {which is} the one thing I bought it for. App insists on my location {all the time}.
wax jacket # positive # fit=positive, smell=negative # It fits like it was cut for me {and the lining is gorgeous}. Smells of candle for the first week {or so}, hang it outside.
bath mat # negative # stability=negative # Looks {like something from} a spa, slides like an ice rink. The little feet came unglued {in the first week}.
stick vacuum # positive # suction=positive, bin=negative # Picks up cat litter and long hair {without any tangling}. The bin is {about} the size of a coffee mug, I empty it {twice} per room.
tripod # positive # stability=positive # Held my {heavy} telephoto steady on a windy pier {for thirty second exposures}. Legs lock with a twist, quick {once you know how}.
children's atlas # positive # content=positive # My niece {now} asks at breakfast what the capital of Mongolia is. The flaps {under the oceans} are her favourite, two are torn {already}.
ukulele # neutral # tuning=negative, sound=positive # Warm tone for a {cheap} instrument. It won't stay in tune for the first fortnight, {which is} normal for new strings they say.
suitcase # negative # wheels=negative, shell=positive # One wheel snapped at Lisbon airport on its {very} first trip. The shell {itself} has no marks {at all}, I'll give it that.
air dry clay # negative # drying=negative # Cracked {all over} as it dried, even the {small} pieces we made {exactly} as the sheet says. School project ruined.
office chair # positive # support=positive, armrests=negative # {After eleven years of} back pain {and} three chairs, this is the one. The armrests wobble {a little}, I took them off.
aquarium # positive # noise=positive, light=negative # So quiet {that} I keep checking {whether} the filter is on. Light is too blue for plants {in my opinion}.
dutch oven # positive # cooking=positive, weight=negative # Best sourdough crust I've {ever} had at home. It weighs as much as a {small} child, mind your feet.
mesh router # positive # coverage=positive, setup=negative # Full signal in the {back} garden shed {for the first time ever}. Setup failed four times until I switched off mobile data {on my phone}.
water bottle # negative # leak=negative, insulation=positive # Ice was still there {the} next morning. But it leaks {in my bag} whenever the straw is up, {and} there goes another notebook.
blood pressure monitor # neutral # accuracy=neutral, display=positive # Reads {roughly} ten points above the one at my GP's. Big digits, even I can read them {without glasses}.
sewing machine # positive # ease=positive, manual=negative # Made {my first} two cushion covers the day it arrived. The manual was translated by {someone's} toaster.
balloon arch # positive # looks=positive, effort=negative # Everyone at the shower thought we'd hired someone. Start the night before, {because} it's four hours {of blowing} and your fingers will hate you.
curl shampoo # negative # scent=negative, result=negative # Smells of wet cardboard and left my hair {feeling} like straw. My 3C curls deserve better.
drawer organiser # positive # fit=positive # Measured twice, fits my {shallow} bathroom drawer {perfectly}. {I can} finally {see} where the tweezers live.
badminton set # negative # net=negative # Net poles lean inward like {two} drunks. Kids used a washing line instead, rackets are ok.
smart plug # negative # connection=negative # Loses the wifi every {single} Tuesday {for some reason} and has to be reset with a paper clip. Gave up.
radiator # positive # heat=positive, noise=positive # Heats {our} box room in fifteen minutes and makes no noise apart from a ping {when it cools}. Electricity bill pending.
game controller # positive # sticks=positive, shipping=negative # No drift after {about} 300 hours {of racing games}. Shipping took three weeks from the warehouse {next country over}.
mandoline # negative # safety=negative # Sliced the glove. The CUT-PROOF glove. Luckily {my} finger stopped {just} short. Send it back, people.
field watch # positive # legibility=positive, strap=negative # I can read it at a glance in the dark {without pressing anything}. Strap frays where it meets the buckle.
ramen bar # negative # service=negative, food=positive # The broth is {rich and} deep, {easily} best in this part of town. We waited fifty minutes {for a table} and nobody {even} brought water.
pizza delivery # neutral # food=positive, delivery=negative # Crust still crisp {when it got here}, toppings generous. Driver left it on the wrong doorstep {again} and my neighbour's dog had the garlic bread.
robot vacuum # negative # navigation=negative # Spends ten minutes bumping the same chair leg {like a confused beetle}, then announces it cannot find its dock.
maternity leggings # positive # comfort=positive, opacity=negative # Wore them till week 41 {and, not ashamed, long after}. Slightly see-through when you bend, wear something long over them.
hiking socks # positive # blisters=positive # Eighty miles {of coast path}, zero blisters. That's it, that's the review.
e-reader # positive # screen=positive, speed=negative # Reading {outside} in full sun feels just like paper. Page turns lag when a book has pictures.
cat tree # negative # stability=negative # Wobbles the moment our {five kilo} tabby lands on the top perch. We had to screw it to the wall {with a bracket from another brand}.
protein powder # negative # taste=negative, mixing=positive # Mixes without lumps {which is rare}. Tastes as if someone {once} described vanilla to a chemist over a bad phone line.
rug # neutral # pile=positive, shedding=negative # Plush underfoot, {kids lie on it all day}. Four months on it is still shedding enough {fluff} to knit a second one.
air fryer # positive # cooking=positive, cleaning=negative # Chips in eighteen minutes, salmon in ten, and {my} teenage son {now} cooks. The basket coating scratched {the first time} with a normal sponge, use the soft side.
garden gloves # positive # fit=positive # Finally a pair that fits small hands. Thorns {of the climbing rose} don't get through the palm {so far}.
electric toothbrush # positive # battery=positive, noise=negative # Charged it on the 1st, still going on the 30th. Sounds like a {small} lawn mower in the mornings {according to my wife}.
board game # positive # rules=negative, replay=positive # Rules explained by a lawyer, gameplay designed by an angel. {By} the third evening we {all} begged for one more round.
snow boots # negative # waterproofing=negative, warmth=positive # Warm as toast until they meet slush, then the seam {above the toe} lets everything in. Returned.
monitor arm # positive # build=positive # Holds a 32 inch ultrawide {without sagging}. Keep the hex key {somewhere safe}, you'll want to retune the spring.
espresso machine # positive # milk=negative, coffee=positive, support=positive, noise=negative # I put off writing this until I had pulled a few hundred shots, because the first week with any espresso machine tells you more about yourself than about the machine. So, six months in. The good part first: once it is warm, and I mean properly warm, half an hour with the handle locked in, the coffee is better than what I get from the two cafes on our street. Sweet, heavy, with that tiger-stripe pour that I used to think was a trick of photographers. I grind about eighteen grams, stop at thirty-six, and I have not changed that since April. The temperature dial actually does something, light roasts that tasted like lemon peel at the factory setting came round when I turned it up by two clicks. Now the less good. The steam wand is fine for one cup and miserable for two. Pressure falls away while you are still stretching the second jug, so if you have guests who all want lattes, plan on waiting, apologising, and making small talk. The drip tray holds roughly one rinse too few and has no float, I have flooded the worktop four times and each time I was surprised. And it is loud. Not the pump, which is a pleasant hum, but a rattle from the cup rail on top that I cured with a folded tea towel. Cleaning is a matter of character: I backflush on Sundays, descale every other month, wipe the wand at once, and it still looks new, while my brother, who owns the same one and does none of that, has a machine that looks as though it had been dug out of a river and makes, to his great satisfaction, the same coffee. In month three the group gasket began to weep. I wrote to support on a Sunday evening expecting nothing, and on Monday a person called Ines sent me a video of her own hands changing the part, plus two gaskets for free, one for now and one for later, she said. That was the moment I decided to keep it. Would I buy it again? For one or two people who drink it straight or with a splash of milk, yes, without thinking about it. For a family of flat white drinkers, look for something with a second boiler and a bigger tray, and accept that it will cost twice as much and take up the space where your toaster used to be.
pushchair # neutral # folding=positive, wheels=negative, storage=positive, price=negative # We tested four pushchairs over one summer, three borrowed and this one bought, and I kept notes because I am that kind of person. Folding is where it shines. One hand, one kick, and it stands up by itself in the hallway, which matters when the other arm holds a baby who has just discovered screaming. It fits in the boot of our small hatchback with the shopping and, if the back seat is empty, without taking the wheels off. The basket underneath swallows a full change bag, a picnic blanket and, on one memorable day, a watermelon. What nobody tells you in the shop is how it behaves on anything but shopping centre tiles. On cobbles the front wheels flutter like a supermarket trolley, on wet grass they dig in, and on the gravel path by the river I ended up pulling it backwards like a sledge. After about two hundred kilometres one front wheel started to squeak. Oil helped for a day. The company sent new wheels within a week, and those squeak too, in a slightly different key. The hood is generous, comes down far enough for naps, and has a little window with a magnet instead of the usual ripping velcro that wakes everybody up. The harness, on the other hand, needs three hands to adjust, and our daughter can already free one shoulder at fourteen months. The fabric hides banana well and yoghurt badly. It wipes down, it does not come off, so anything that gets under the seat pad stays there as a memory. Then the price. At full price I would feel cheated, there are sturdier frames for a hundred less. In the sale, for city people with lifts and pavements and not much storage, it is a sensible buy. If you live anywhere near a forest, or even a badly kept park, borrow one for a weekend first and take it for a long walk before you decide.
noise machine # positive # sound=positive, app=negative # Bought for the baby, now all three of us need it. The rain setting {really} sounds like rain on a tin roof rather than a radio between stations, and there is no audible loop, I have lain there listening for it at 4 am. You can set it without the app, thank goodness, because the app wants an account, an email, a birthday and my firstborn. One tip: tape over the {blue} light, it is bright enough to read by. We've run it ten hours a night since January and it has never once stopped on its own.
standing desk # negative # motor=negative, service=negative, surface=positive # The top is {a} lovely {piece of bamboo}, flat, no gaps, and survived a spilled ink bottle. Sadly the legs disagree with each other. The left motor is always a few millimetres behind, so the desk arrives at standing height with a slope, and everything round rolls to one side. Support had me reset it five times, then asked for a video, then for a video from another angle, then closed the ticket because I hadn't replied within 24 hours (on a Saturday). Sitting now, at a slope.
lip balm # positive # scent=positive # smells of {actual} oranges, not floor cleaner. gone in three weeks bc my sister keeps stealing it
curtains # negative # blackout=negative # "Blackout" my foot. At six in the morning I can count the flowers on the wallpaper {through them}.
guitar strings # positive # feel=positive # bright, easy on the fingers, still {sounding} fresh {after} two months of gigging
bluetooth speaker # negative # battery=negative, volume=positive # Plenty loud for the beach. But the 20 hours they promise is more like seven, {and} that's at half volume.
yoga mat # positive # grip=positive, smell=negative # No sliding in downward dog even when I'm {properly} sweaty. Air it {on the balcony} for a couple of days, the rubber smell is strong.
wall clock # negative # accuracy=negative # Loses eleven minutes a day. A clock.
printer # negative # ink=negative, setup=negative # It refuses to scan {anything} because the yellow ink is low. Scan. Yellow. I have never hated an object {this much}.
"""

EN_QUESTIONS = r"""
Brewell electric kettle 1.7 L # Can I {safely} use it on a boat with a 12 volt inverter? # It draws about 2200 watts, so a small 12 volt inverter will cut out; use a gas kettle or a low wattage travel model on board.
Sonavo H9 headphones # Do they {still} work with a cable when the battery is empty? # Yes, plug in the supplied 3.5 mm cable and they play passively, though noise cancelling and the microphone stay off.
Fellrun trail shoes # Is there {enough} room for custom orthotics if I take the insole out? # The insole lifts out and most three-quarter length orthotics fit, but thick full-length ones make the heel sit too high.
Waggly slow feeder bowl # Would a flat faced dog like a pug be able to reach the food {in this}? # The ridges are four centimetres deep, so short muzzles struggle; the same maker sells a shallow version for pugs and bulldogs.
Greenhalt expandable hose # How long is it {exactly} when there is no water in it? # Empty it shrinks to roughly ten metres, and it needs at least three bar of pressure to reach the full thirty.
Tuckabee convertible car seat # Can two of these be fitted {next to each other} on the back seat of a small hatchback? # Each seat is 44 cm wide, so two fit in most small cars as long as nobody has to sit between them.
Harrow & Pike 18V drill # Are the batteries interchangeable with the older {green} 14V range? # No, the 18V packs have a wider rail and will not slide into 14V tools, and the chargers differ as well.
Inkfold dotted journal # Does the page number go {all the way} up to the last sheet? # Pages are numbered from 1 to 192, and the index at the front has room for about sixty entries.
Lumisse vitamin C serum # May I use this together with retinol {at night}? # Use the serum in the morning and retinol in the evening, and wear sunscreen, because both together can irritate the skin.
Caddex rugged case # Will wireless charging {still} work through the kickstand? # It charges if the stand is folded flat and the pad is at least 10 watts; with thicker grips attached it will not.
Nestwell linen duvet set # Does the linen need {any} ironing after a tumble dry? # Take it out slightly damp and shake it, most people skip the iron and like the creased look.
Pedalo Pro floor pump # Which way round does the rubber go {in the head} for a Presta valve? # Unscrew the cap, flip both inner pieces so the narrow opening faces out, and tighten again by hand.
Timberkin marble run # Are replacement marbles sold {separately}, we lost nine under the sofa? # A bag of twenty glass marbles, 16 millimetres across, is available as a spare part from the maker's website.
Morrow Hill ground coffee # Is the grind {too} coarse for a moka pot? # It is a filter grind, so in a moka pot the cup comes out thin; order the whole beans and grind finer.
Oriel LED desk lamp # What is the colour temperature {in kelvin} on the warmest setting? # The warmest of the five settings is 2700 kelvin, and the coolest is 6500 kelvin.
Stonepath tent # Can the inner be pitched {on its own} without the rainfly in summer? # Yes, the inner clips directly to the poles, so you can leave the fly in the bag on dry nights.
Klackit TKL keyboard # Is it possible to remap caps lock to control {on a Mac} without the software? # Press Fn and Tab for three seconds to enter hardware remapping, then press caps lock followed by control.
Ironlane dumbbell # Can I buy a second one {later} that matches the first? # Yes, singles are sold all year, and the tray of each unit clips to the next one.
Halden shoe cabinet # What {kind of} wall plugs come with it, mine are plasterboard? # Only masonry plugs are in the box, so buy two cavity anchors rated for at least fifteen kilograms each.
Roadwit D2 dash cam # Does parking mode drain the car battery {overnight}? # With the hardwire kit it stops at 11.8 volts; plugged into the lighter socket it turns off with the ignition.
Farrowdale wax jacket # How often does it have to be rewaxed {if I wear it daily}? # Once a year is enough for daily wear, concentrate on the shoulders, the elbows and the seams.
Luno bamboo mat # Can it stay {permanently} on underfloor heating? # Better not, since constant warmth dries the slats out until they split along the glue lines.
Whirro V6 vacuum # Which filter number do I {need to} order as a spare? # Order WF-62 for machines built since 2021; earlier ones take the round WF-58.
Steadman tripod # Is the phone mount wide enough for a {big} phone in a case? # The jaws open to 9.5 centimetres, so a large phone in a normal case fits, a battery case does not.
Kailani ukulele # What are the strings made of, and can a left-handed child restring it {easily}? # It comes with fluorocarbon strings, and as the bridge is symmetrical you can simply reverse the order for left-handed play.
Voyla cabin suitcase # Is the lock reset by the airline {ever}, I forgot my code? # The airline only has a key; to find the code, try all thousand combinations or send the proof of purchase to the maker.
Postura office chair # What is the lowest the seat goes {from the floor}, I'm only 152 cm tall? # With the standard gas lift the seat goes down to 45 cm, and a shorter lift that reaches 40 cm is sold separately.
Reefling nano aquarium # How many neon tetras can live in it {happily}? # Nineteen litres suits a single betta or a few shrimps; neon tetras want a longer tank of sixty litres or more.
Forgemere dutch oven # Is the knob on the lid oven safe {up to bread temperatures}? # The knob is stainless steel and safe to 260 degrees, so you can bake bread with the lid on.
Netwick M3 mesh # Can I use just two of the three units {for now} and keep one for my parents' flat? # Two work fine, but the third must be the main unit of its own network with a separate account.
Hydrovale bottle # Does the lid from the 750 ml one fit {on this size}? # All wide mouth bottles since last year share one lid thread, so the 750 ml lid fits.
Pulsewell wrist monitor # Is the reading {really} reliable for someone with an irregular heartbeat? # The alert only tells you that beats were uneven, so in that case use an upper arm device and ask your doctor.
Threadle 12 sewing machine # Will it sew through four layers of denim {at a hem}? # With a size 16 needle and turning the wheel by hand at the thick part it manages, but not at full speed.
Coilette shampoo # Is it safe for colour treated hair {that was bleached}? # It has no sulfates, so it is gentle on dye, but the flaxseed can dull very light blonde a little.
Wattly smart plug # Can it switch on a 2.5 kW tumble dryer {every day}? # It is rated for 13 amps, about 3 kilowatts, yet the maker advises against daily use with dryers.
Calorro radiator # Does it remember its setting after a power cut {in the night}? # The mechanical thermostat keeps its position, the digital timer goes back to twelve o'clock.
Padlock G1 controller # Which batteries does it take, and do I need to open it {up} to change them? # It has a built-in 1200 mAh cell that lasts about twenty hours and is not meant to be changed by the user.
Slissor mandoline # Is the julienne blade removable {for cleaning}? # Turn the side dial to zero, press the orange tab, and the blade carrier slides out towards the handle.
Merrow field watch # How long does it run in a drawer {with no light}? # Fully charged it keeps time for five months in the dark and then stops until it sees light again.
Shuttleby badminton set # How high is the net {when it is set up}, is it regulation? # The poles reach 1.55 metres, the regulation height in the middle, but they sag unless you peg the strings.
"""

EN_DESCRIPTIONS = r"""
picnic blanket # Spread it on dew, sand or a stadium bench: the fleece side keeps you warm, the coated side keeps the damp out, and the leather strap turns the whole thing into a neat roll you can carry over a shoulder.
herb garden # Six pods, one switch. Push in the capsules, fill the tank to the blue line and the lamp takes care of sunrise and sunset. Basil shows up in about five days, parsley takes its time.
bread knife # A long, slightly curved blade with rounded teeth that roll through a crust instead of tearing it. The handle is pear wood from a joinery two valleys away, oiled, never lacquered.
swim goggles # Made for people who wear glasses: choose a separate strength for the left and the right eye, click them into the frame, and read the pace clock again without squinting.
chess set # The pieces are turned from boxwood and rosewood, weighted with a steel slug and felted underneath, so even a clumsy elbow in a blitz game leaves most of them standing.
rain poncho # Folds into its own chest pocket, no bigger than an apple. Cut long at the back so that a rucksack stays dry too, and with snaps along the sides to stop it turning into a sail.
tea sampler # Twelve tins, twelve mornings: smoky ones for Mondays, a malty one for rain, two that are best with milk, and a white tea so pale that you will think you forgot the leaves.
bike trailer # Hitches to the rear axle in a minute, carries two children or a week of shopping, and folds flat for the train. Suspension on both sides takes the sting out of kerbs.
bird feeder # Squirrels are welcome to try. The perches are sprung for the weight of a finch, anything heavier pulls the shutters down over the seed, and the roof lifts off for filling with one hand.
travel pillow # Instead of a ring it is a scarf with a hidden brace that props the head on the side you sleep on. Machine wash the sleeve, pull the brace out first.
garden lantern # Charges by day on the fence post and flickers by night like a candle that never needs trimming. Two rainy days in a row still give you four hours of light.
pasta machine # Nine thicknesses from lasagne to the kind of sheet you can read a newspaper through. Never wash it; a dry brush and a scrap of dough clean the rollers.
"""

EN_SHORT = r"""
lg65uj75
wh-910n-b
sdcz48-032g
hp 304xl black
iphone 13 mini case
ts-402 hub
b650m-k
dewbrand dcd778 charger
usb c to hdmi 2 m
size 12 snow boots
nightlight
airtight rice bin
cr2032
aa nimh 2500
tv bracket 65 inch
merino base layer
galaxy a54 screen protector
p/n 4471-xk
vegan gummy bears
sofa bed
gu10 5w warm
mtb pedals flat
3/8 drive ratchet
left handed scissors
zx spectrum keyring
r2-d2 mug
kn95
baking steel
4k hdmi switch
cat6a 20m
"""

EN_ACCENTS = r"""
Two words: crème brûlée. The torch in this set caramelises six ramekins before the gas runs low.
Café style bistro set, folds flat, table top in glazed azulejo tiles
Jalapeño popper tray holds 24, fits under the grill
Does the purée come out smooth enough for a six month old?
Zoë & Noé personalised name puzzle, painted by hand
The décor sticker peeled off with the paint, landlord is not amused
Citroën Berlingo rubber boot liner 2019 onwards
Rosé gold is rather more rosé than gold, but my wife adores it
Piñata pull-string version, unicorn, filled with nothing
is this flambé pan ok for induction hobs
Tête-à-tête narcissus bulbs, pack of 50, plant by November
Appliqué cushion cover, mustard, hidden zip, 45 cm
Smörgåsbord platter, acacia, with three dipping bowls
Everyone's fiancé should get these socks
My naïve hope was that waterproof meant waterproof
Müller-style ice scraper with brass blade
pâté knife set olive wood handles
The soufflé dishes arrived with one chipped, replacement came in two days
Señorita flamenco dress, polka dot, age 7 to 8
Château-look picture frame 13 x 18 antique white
rechargeable protégé trumpet mute silent practice
Should I sauté with it or is the coating too delicate?
Über-thin laptop sleeve, vegan leather, 14 inch, façade pocket
à la carte menu holder A5 acrylic slanted
Pokémon style soft toy, lies flat, machine washable
"""

EN_SPELLING = r"""
The {colour|color} is nothing like the photo, more mud than {grey|gray}
{Aluminium|Aluminum} camping stove, folds to the size of a deck of cards
Is the {fibre|fiber} filling hypoallergenic and can the {moulded|molded} base be wiped?
Favourite {jewellery|jewelry} box so far, the drawers slide like butter
{Organise|Organize} your loft: 12 heavy duty boxes with {centre|center} handles
mens {pyjamas|pajamas} brushed cotton tall
The {tyre|tire} inflator died half way through the second wheel
{Travelling|Traveling} with toddlers? This {catalogue|catalog} of quiet games saved our ferry trip
{Moisturiser|Moisturizer} for people who {normalise|normalize} having dry elbows in June
sturdy {mould|mold} resistant shower curtain extra long 220 cm
Does the {programme|program} dial lock so that my cat cannot start it?
I {recognised|recognized} the smell at once: my grandad's {plough|plow} shed
20 {litre|liter} jerry can with spout, military {grey|gray}, stackable
{Neighbours|Neighbors} asked where we got the lanterns, so there's your answer
kids {theatre|theater} curtain with valance, red velvet look
{Doughnut|Donut} pan 6 hole, non-stick, {grey|gray} granite
The {defence|defense} against moths is cedar, and the cedar {odour|odor} is long gone
{Cosy|Cozy} reading nook canopy, {colour|color} sage, hoop included
A {sceptical|skeptical} buyer here: it does lift the {colour|color} out of red wine stains
can the {licence|license} plate {bolt centres|bolt centers} be adjusted on this bike rack
{Flavour|Flavor} drops, 15 ml, butterscotch, zero sugar
{Analyse|Analyze} your pool in 15 seconds, 7-way strips, bottle of 100
{Honour|Honor} roll certificate frames, pack of ten, {grey|gray} mount
{Armour|Armor} plated is what the seller says; it bent under one suitcase
{Colour|Color} changing kettle lights, blue to red, a {favourite|favorite} with guests
"""

EN_NUMBERS = r"""
{Two|2} pack of silicone baking mats, half sheet size
bedside lamps set of {two|2} with usb
Holds {twelve|12} bottles, but not the fat champagne ones
{Three|3} tier cake stand, gold rim, collapsible
It took {four|4} people to get the wardrobe up one flight of stairs
Lasted {six|6} weeks, then the hinge went, then the other hinge
Does one box really contain {twenty|20} filters?
{Five|5}-piece luggage set with packing cubes, charcoal
We are a family of {seven|7} and the pan feeds all of us at once
Warranty says {ten|10} years, the shop says one, whom do I believe?
{Eight|8} ball pool triangle, plastic, full size
{Thirty|30} day sketch challenge book for teens
Charges fully in {ninety|90} minutes and runs for most of a day of hedge cutting
the {first|1st} one arrived broken and the {second|2nd} one arrived as a different colour
{Four|4} drawer chest, narrow, white gloss
{One hundred|100} tea lights unscented long burn
My son turned {nine|9} and assembled all of it without me
{Three|3} of the {eight|8} glasses had chips on the rim
{Fifteen|15} minutes from box to first cup of coffee, no joke
mens crew socks {six|6} pairs black
Can {two|2} adults sleep in it with a dog between them?
{Half|1/2} inch socket set metric only
We ordered {forty|40} chairs for the wedding and got {forty|40} chairs, on time, clean
roof box for {four|4} pairs of skis
{Eleven|11} litres sounds a lot until you wash a duvet
"""

EN_PARAPHRASE = r"""
The zip broke the second time I wore it. # On only my second outing in it, the zipper gave up.
Will this fit a 2015 hatchback? # I drive a hatchback built in 2015, is this the right part?
Battery dies by lunchtime. # It barely makes it through the morning on one charge.
Far too sweet for my taste, and oddly salty at the end. # I found it sugary with a strange briny finish.
Can it go in the dishwasher? # Is washing it by machine all right?
Pleasantly surprised by how sturdy this feels for the price. # For something this cheap it is remarkably solid, which I hadn't expected.
The instructions made no sense at all. # I couldn't make head or tail of the manual.
cheap gaming chair for teenager # budget seat for a teen who plays video games
My cat ignores it completely. # Not once has our cat shown interest in this.
Stitching came apart after one wash. # A single laundry cycle was enough to undo the seams.
How heavy is the box when it is shipped? # What does the parcel weigh on arrival?
It is quieter than our old one, by a long way. # Compared with the previous machine you hardly hear it.
The lid doesn't seal, so soup ended up in my backpack. # I got broth all over my bag because the top isn't watertight.
waterproof speaker for the shower # something to play music while bathing that can get wet
Arrived a week early and well packed. # It turned up seven days ahead of schedule, wrapped with care.
I've bought this three times now, which says it all. # The fact that I am on my third order should tell you enough.
Do the legs unscrew for moving house? # Can the feet be taken off when I relocate?
Smaller than it looks in the pictures. # The photos make it seem bigger than it is.
Pretty, but the paint chips if you so much as look at it. # Looks nice; sadly the coating flakes at the slightest touch.
The strap digs into my shoulder on long walks. # After a few miles the band cuts into me.
gift for a dad who has everything # present idea for a father that is hard to shop for
Would it hold a bowling ball? # Is it strong enough to carry something as heavy as a ball for bowling?
Customer service fixed it within a day, no questions asked. # Support sorted the problem in under 24 hours and didn't argue.
The scent fades after an hour. # Sixty minutes later you can no longer smell it.
It scratched my worktop because the feet are bare metal. # With no rubber underneath, it left marks on the kitchen counter.
Picture quality is stunning, sound is thin. # The image blows you away while the audio lacks body.
Is the plug a British one? # Does it come with a UK three-pin connector?
My mother-in-law asked for the link, and she hates everything. # Even my husband's mum, who never likes anything, wanted to know where I got it.
Keeps drinks cold for a whole day on the beach. # Beverages stayed chilled from morning to night by the sea.
Not worth half of what they charge. # You're paying at least double its real value.
black dress with pockets for work # office frock in black that has somewhere to put my keys
The app needs an account just to turn on a light. # You have to register before the software lets you switch a lamp.
How do I get the smell out of a new one? # Mine stinks fresh from the packet, what helps?
Runs small, order one up. # The sizing is tight so pick the next bigger.
Five minutes to assemble, no tools. # I put it together by hand in no time.
The handle gets hot, use a cloth. # Don't touch the grip without something to protect your palm.
Best purchase of the year for my bad back. # Nothing I've bought in twelve months has helped my spine more.
Refuses to pair with anything but the phone it came with. # It won't connect to other devices, only the bundled handset.
Seeds never came up, not one. # Out of the whole packet, zero germinated.
Good idea, poor execution. # Clever concept, badly carried out.
"""

EN_TRANSLATION = r"""
Boils really fast but the lid pops open if you pour with your left hand. # 烧水很快，但是左手倒水的时候盖子会自己弹开。
Can I use this together with retinol? # 这个可以和A醇一起用吗？
cordless stick vacuum # 无线手持吸尘器
One wheel snapped at the airport on its very first trip. # 第一次出门就在机场断了一个轮子。
Insulated Water Bottle 1 L Straw Lid BPA Free Lilac # 保温水杯 1升 吸管盖 不含双酚A 淡紫色
Gets softer every wash. # 越洗越软。
How many pages does it have? # 一共有多少页？
The gauge reads about fifteen psi too high. # 气压表显示的数值大概偏高15psi。
Wooden Marble Run 62 Pieces Ages 4+ # 木制弹珠轨道 62件 适合4岁以上
The typing feel is superb, the software is Windows only. # 手感一流，可惜驱动软件只支持Windows。
Does parking mode drain the car battery? # 停车监控会把汽车电瓶的电耗光吗？
You cannot read a single number plate after dark. # 天黑以后一个车牌都看不清。
men's waxed cotton jacket dark olive # 男士油蜡棉夹克 深橄榄绿
Light enough that I forgot it was in my pack. # 轻到我都忘了包里还有它。
Which filter number do I order as a spare? # 备用滤网应该买哪个型号？
Ice was still there the next morning, but it leaks in my bag. # 第二天早上冰块还在，但是放包里会漏水。
Adjustable Dumbbell 2 to 24 kg Dial Select Single # 可调节哑铃 2至24公斤 旋钮调重 单只装
Instructions are tiny pictures only. # 说明书只有很小的图。
Is the knob oven safe? # 锅盖上的提钮能进烤箱吗？
Smells of candle for the first week, hang it outside. # 头一个星期有股蜡烛味，挂外面散散就好。
sulfate free curl shampoo 400 ml # 无硫酸盐卷发洗发水 400毫升
The bin is about the size of a coffee mug. # 尘盒也就一个咖啡杯那么大。
Can the inner be pitched without the rainfly? # 不搭外帐，内帐能单独支起来吗？
Loses the wifi every Tuesday and has to be reset with a paper clip. # 每到周二就断网，还得用回形针捅一下重置。
Ergonomic Office Chair Mesh Back Lumbar Support Flip-Up Arms # 人体工学办公椅 网布靠背 腰部支撑 可上翻扶手
No drift after about 300 hours. # 用了三百来个小时，摇杆没有漂移。
Is it safe for colour treated hair? # 染过的头发能用吗？
The hinge is stiff, ask someone for help the first time. # 扣子比较紧，第一次戴最好找人帮忙。
bamboo bath mat 60 x 40 cm non-slip feet # 竹制浴室地垫 60x40厘米 防滑脚垫
Net poles lean inward like two drunks. # 网杆往里歪，像两个喝醉的人。
What is the lowest the seat goes? # 座椅最低能降到多少？
We waited fifty minutes for a table and nobody brought water. # 等位等了五十分钟，连杯水都没人倒。
Travel tripod, carbon fibre, folds to 38 cm, loads up to 8 kg # 碳纤维旅行三脚架，收纳长度38厘米，承重8公斤
Warm as toast until they meet slush. # 平时很暖和，一踩到雪水就完了。
Are replacement marbles sold separately? # 弹珠丢了可以单独买吗？
My 3C curls deserve better. # 我这头3C小卷值得更好的。
smart plug energy monitoring 4 pack # 智能插座 电量统计 4只装
It refuses to scan because the yellow ink is low. # 就因为黄色墨水不够，它连扫描都不肯。
How long does it run in a drawer with no light? # 放在抽屉里不见光能走多久？
Eighty miles of coast path, zero blisters. # 走了八十英里海岸步道，一个水泡都没起。
"""

EN_VARIANTS = r"""
Optix {XY-805|XY-423} wireless mouse silent click
iphone {12|13} clear case with magsafe
Corebyte portable SSD {500GB|1TB} USB 3.2
lg{65uj75|55uj75} remote control
Nutrivo whole oats {500 g|5 kg} resealable
Women's linen shirt, white, size {S|XL}
Sonavo H9 over-ear headphones {Midnight Blue|Rose Gold}
{Brewell|Kettlar} electric kettle 1.7 L cordless stainless steel
Compatible toner for laser printer {TN-2410|TN-2420} black
Galaxy {S21|S21 Ultra} tempered glass 2 pack
Duracore AA batteries, {8|24} pack
Roadwit {D2|D4} dash cam 1440p parking mode
{King|Single} size fitted sheet bamboo cotton dove grey
Trekker 45 L rucksack {Men's|Women's} fit, raincover included
Klackit TKL mechanical keyboard {brown|red} switches
Graphics tablet {A5|A4} battery-free pen
HDMI cable 2.1 braided {1 m|5 m}
Forgemere dutch oven {3 L|7 L} enamelled, juniper
Baby nappies size {3|5}, 80 count, sensitive
Contact lens solution {100 ml|360 ml}
{Ground|Whole bean} coffee Morrow Hill medium roast 340 g
car battery {063|096} 12V maintenance free
Laptop charger {45W|90W} round tip 4.5 mm
{Left|Right} hand golf glove cabretta leather medium
DDR4 RAM {8GB|32GB} 3200 MHz desktop
Whirro filter {WF-62|WF-58}
Gas hob {4|5} burner black glass
Watch strap {20 mm|22 mm} canvas olive quick release
{Hardback|Paperback} edition of The Salt Ledger, signed
Ink cartridge 304XL {black|tri-colour}
Ceiling fan {42|52} inch with remote
Curtain pole extendable {120-210|210-380} cm brushed nickel
paint tester {Quiet Fog|Deep Lagoon} 75 ml matt
Nikkor mount adapter {EF|F} to Z autofocus
Cordless drill Harrow & Pike 18V {bare unit|2 batteries}
Swim fins {36-37|44-45} short blade
Wall calendar {2024|2025} owls
Router {AX1800|AX5400} dual band
Sunglasses polarised, {brown|smoke} lens, tortoise frame
Guinea pig hay {1 kg|3 kg} timothy
Garden trellis {90|180} cm willow
Blu-ray box set season {2|4} The Ferrymen
{Right|Left} hinge shower door 80 cm clear glass
puzzle {500|2000} pieces lighthouse at dusk
{Unscented|Lavender} soy candle large tin
Light bulb E{14|27} candle 4W
Stylus pen for tablet {gen 1|gen 2}
Barcode scanner {1D|2D} bluetooth
kids helmet {48-52|54-58} cm sharks
{Dry|Wet} cat food salmon adult sterilised
Piston rings {0.50|0.25} oversize set of 4
Air filter {C 27 006|C 27 107}
Dog harness no pull, {XS|L}, reflective, teal
Bike inner tube {26|29} x 2.1 presta
Thermal label roll {57 x 32|100 x 150} mm
Extension lead {3|10} m, four sockets, surge protected
Rug {60 x 110|200 x 290} cm, berber look, cream
Yarn merino DK shade {114|141}
"""

EN_SAME_WORDS = r"""
Sonavo {H9 over-ear headphones for travel, noise cancelling|sports earbuds with ear hooks, sweatproof, neon}
Timberkin wooden toys: {marble run with bell tower|shape sorter house for toddlers}
Brewell kitchen {hand mixer with five speeds and dough hooks|waffle maker with removable plates}
{women's waterproof hiking boots mid ankle leather|women's waterproof hiking trousers zip-off light}
Nestwell bedding {weighted blanket 7 kg grey|mattress topper memory foam 5 cm}
cordless {hedge trimmer with telescopic pole|leaf blower with variable speed} 18V garden tool
Lumisse {night repair eye cream with peptides|foaming cleanser for oily skin} for women
{phone holder for car dashboard with suction|phone holder for bike handlebar with silicone}
Hydrovale {baby sippy cup with handles, 180 ml|steel growler with tap, 3.8 L} insulated
Is there {a spare lid for the blender jug|a spare jug for the steam mop}?
{kids bunk bed with slide and curtain|kids desk with shelf and lamp}, white, pine
Inkfold {fountain pen, fine nib, with converter|watercolour pad, cold pressed, 300 gsm}
pet {carrier backpack for small cats|gate extra wide for doors} Waggly
Stonepath {sleeping bag three season left zip|camping chair with cup holder}
{silver necklace with initial pendant|silver bracelet with charm bead} for her birthday gift box
Oriel {floor lamp arc with marble base|string lights for patio, 10 m}, warm white LED
men's {merino half-zip jumper navy|merino boxer shorts navy, 3 pairs}
Harrow & Pike {spirit level 120 cm magnetic|claw hammer fibreglass shaft 16 oz}
{coffee machine descaler tablets, 12|coffee machine milk hose set, 3}
Postura {footrest with massage rollers|seat cushion with coccyx cut-out} for office desk
Coilette {satin bonnet adjustable strap|wide tooth detangling comb} for curly hair
stainless steel {pasta pot with strainer lid|mixing bowls with grater lids} kitchen set
Calorro {towel rail electric, chrome, 90 cm|fan heater ceramic, bathroom wall mount}
{garden bench two seater, acacia|garden bench cushion two seater, beige}
Padlock {charging dock for two controllers|gaming headset with boom mic}, USB, black
"""

EN_NEGATION = r"""
This charger {works|does not work} with my old tablet.
The colour {fades|never fades} in the wash.
{Suitable|Not suitable} for induction hobs.
I {would|would not} buy from this seller again.
Lid {is|is not} dishwasher safe.
It {fits|doesn't fit} under my sofa.
{Contains|Contains no} gluten, milk or egg.
The remote {is|isn't} included.
{With|Without} battery, ready to ship
My dog {likes|dislikes} the chicken flavour.
{Refund was|No refund was} given.
The screen {is|is far from} bright enough outdoors.
Straps {stay|don't stay} up when I run.
{Scented|Unscented} laundry strips, 60 loads
The handle {gets|never gets} hot on the stove.
Kids {could|couldn't} put it together alone.
Support {replied|never replied} to my emails.
hdmi adapter {with|without} audio out
Seller {accepts|does not accept} returns on opened software.
The pump {starts|won't start} when it is cold outside.
{Assembled|Unassembled} greenhouse shelf, four tiers
The jar arrived {intact|broken}.
There {was|was no} smell when I opened the packet.
This is {easy|anything but easy} to clean.
{Tested|Not tested} on animals.
Cable {long|not long} enough to reach the ceiling.
{Yes, it has|No, it lacks} a headphone socket.
It {makes|makes no} noise at night.
The buttons {respond|fail to respond} when my hands are wet.
{Recommended|Not recommended} for children under three.
The stand {holds|cannot hold} a full size guitar.
Paint {came|didn't come} off after the first wash.
Oil {leaks|no longer leaks} from the bottom seal.
Zips {both|neither} closed properly when packed.
{You need|You don't need} an account for the app.
Heater {safe|unsafe} for bathrooms.
I {regret|don't regret} choosing the bigger one.
{Wireless|Wired} doorbell with chime
The glue {held|failed} on damp tiles.
Blades {are|are not} replaceable.
Mattress {is|isn't} firm enough for my back.
Hat {kept|did not keep} its shape after packing.
{Rechargeable|Non-rechargeable} hearing aid cells, size 312
The trailer {passed|failed} its inspection.
Food {was|was hardly} warm when it came.
Cover {removable|not removable} for washing
It {can|can't} be mounted on plasterboard.
Bulb {dimmable|non-dimmable}, warm white, E27
Delivery {was|wasn't} on the promised day.
Game {supports|lacks} local co-op for four.
"""

EN_OTHER_NUMBER = r"""
gift for {4|6} year old boy
bracelet for {1st|10th} anniversary
What to feed a {3|9} month old puppy?
dining table for {4|8} people extendable
Is it ok for a child of {90|120} cm?
bunk bed ladder {3|5} steps
running plan {5|42} km book
school backpack grade {1|7} girls
{50th|80th} birthday banner gold
fish tank heater for {20|200} litres
Is the lift strong enough for {80|160} kg?
rubik style cube {3x3|5x5}
crib sheets {60x120|70x140}
{12|24} V solar panel kit camper
hair clipper guard number {2|8}
blackout blind {80|140} wide
reading glasses +{1.0|3.5}
menu for {10|60} guests buffet
sock size {35-38|43-46}
trampoline {6|12} ft with net
knitting needles {3|9} mm
Can I tow {750|2000} kg with this bar?
storage for {100|500} lego minifigures
whisky aged {12|25} years miniature
sandpaper grit {80|1000}
sofa {2|4} seater cheap
does it last {1|10} years outdoors
"""

EN_DATE_PRICE = r"""
My order from {3 March|19 August} still says processing, where is it?
Voucher valid until {31 May|30 November}, spend £{20|75} save £{5|15}
Price dropped from {49.99|89.00} to {39.99|59.00} today only
Your parcel will be delivered on {Tuesday|Friday} between {10|16}:00 and {12|18}:00.
Pre-order, released {12 June 2024|1 October 2025}
Refund of {€14.20|€230.00} was sent to your card on {02/04|17/09}.
Flash sale starts at {8 am|9 pm}, {50|200} pieces
Is the {£9.99|£24.99} price for one or for the pair?
Invoice {4471|9038}, due {15 January|28 July}
Best before {04/2025|11/2026}, batch {L118|L402}
Why was I charged ${3.50|12.00} for shipping?
Return window closes on {5 May|22 December}.
Subscription renews {monthly|yearly} at {4.99|49.00}
laptops under {300|1500} pounds
Booked installation for {14|29} April, can I move it to {16|30} April?
Special edition {2019|2023} advent calendar tea
Your points ({120|2480}) expire on {1 February|1 September}.
The shop closes at {17|22}:30 on {Sunday|Thursday}
deal of the day: {7|19}.95 instead of {12|34}.95
Back in stock from week {12|38}
Deposit {10|25} percent, the rest by {March|October}
Order {#20418|#77305} was placed on {Monday|Saturday} and has not shipped.
gift under ${15|100}
Price match request: found at {$31|$58} elsewhere on {6/6|11/11}
Warranty runs from {2 May 2022|9 July 2024}, serial {A77|K03}
"""

EN_PAIR_ATTRIBUTE = r"""
Corebyte portable SSD {500GB|1TB} # Corebyte external solid state drive {500GB|1TB} USB-C
Nestwell duvet cover {king|double}, sand # NESTWELL washed linen duvet set, {king|double}
Optix mouse {XY-805|XY-423} # Optix silent wireless mouse {XY-805|XY-423} black
Hydrovale bottle 1 L {lilac|olive} # Hydrovale insulated flask 1 litre, {lilac|olive}
Morrow Hill coffee {340 g|1 kg} # Morrow Hill medium roast, ground, {340 g|1 kg}
Fellrun trail shoes {UK 6|UK 9} # Fellrun womens trail runner {UK 6|UK 9} coral
Roadwit {D2|D4} dash cam # Roadwit dashcam model {D2|D4}, parking mode
Whirro {V6|V8} stick vacuum # WHIRRO cordless vacuum cleaner {V6|V8}
Wattly smart plug {single|4 pack} # Wattly plug energy meter {single|4 pack}
Kailani {concert|tenor} ukulele # Kailani uke {concert|tenor} sapele kit
Halden shoe cabinet {2|3} drawers # Halden slim shoe storage, {2|3} flip doors
Lumisse serum {30|50} ml # Lumisse vitamin C {30|50}ml
Merrow field watch {38|42} mm # Merrow solar watch {38|42}mm canvas
Netwick M3 {2|3} pack # Netwick mesh wifi, {2|3} units
Caddex case for iPhone {12|13} # Caddex rugged cover iPhone {12|13} olive
Forgemere dutch oven {3|5} L # Forgemere casserole {3|5} litre juniper
Klackit TKL {red|brown} switch # Klackit keyboard tenkeyless {red|brown}
Waggly slow bowl {small|large} # Waggly dog feeder {small|large} teal
Ironlane dumbbell {24|40} kg # Ironlane adjustable weight up to {24|40} kg
Threadle {12|30} sewing machine # Threadle model {12|30} with foot pedal
Steadman {carbon|aluminium} tripod # Steadman travel tripod, {carbon|aluminium}, 38 cm
Voyla suitcase {55|75} cm rose # Voyla hard shell trolley {55|75}cm
Luno {bamboo|teak} bath mat # Luno bath mat in {bamboo|teak}, slatted
Farrowdale wax jacket {M|XXL} # Farrowdale men's jacket {M|XXL} dark olive
Pulsewell {wrist|upper arm} monitor # Pulsewell BP monitor {wrist|upper arm} type
"""

EN_UNITS = r"""
flour {1 kg|1 lb}
weighted blanket {7 kg|7 lb} grey
chain necklace {18 inch|18 cm}
paint, magnolia, {5 litres|5 gallons}
fishing line {10 lb|10 kg} clear
TV stand for {50 inch|50 cm} sets
cream {50 ml|50 g} jar
garden hose {25 m|25 ft}
protein powder {2 lb|2 kg} vanilla
ribbon satin {20 yards|20 mm}
drill bit {8 mm|8 inch} masonry
Does the tank hold {20 litres|20 gallons}?
hard drive {2 TB|2 GB}
freezer set to {-18 °C|-18 °F}
Is it {6 feet|6 inches} tall?
power bank {10000 mAh|10000 mWh}
honey {12 oz|12 kg}
kayak paddle {220 cm|220 inch}
tyre pressure {2.5 bar|2.5 psi}
Rope sold by the {metre|foot}, 12 strand
LED strip {5 m|5 ft} warm white
vitamin D {1000 IU|1000 mcg}
dumbbell pair {15 kg|15 lb}
Delivery in {3 days|3 weeks}?
battery {12 V|12 Ah} sealed lead acid
"""

EN_TEMPLATE_PRODUCTS = r"""
The {Aldo toaster|Nori blender} is a reliable helper for every kitchen. It comes in {cream|graphite} and carries a two year guarantee.
Looking for a {gift for a gardener|gift for a cyclist}? Our {bulb planter|bell set} is made to last and ships in a recycled box.
Upgrade your {hallway|bathroom} with this {coat rack|towel ladder}. Easy to fit, easy to love.
Name: {Peony Lip Tint|Sandalwood Beard Oil}\nBrand: Ovelle\nUse: {lips|beard}\nMade in: {France|Portugal}
Dear customer, thank you for your interest in the {Kestrel binoculars|Heron rain barrel}. Unfortunately it is out of stock until {May|August}.
Product: {hammock|parasol}\nColour: {striped|terracotta}\nMaterial: {cotton|polyester}\nWeight: {1.4|6.2} kg
{Rabbit hutch|Chicken coop}, timber, with {asphalt roof|wheels}, self assembly, {two|four} doors
Hello! Is the {left indicator|rear wiper motor} for my {van|estate car} in stock? Best regards
This {fantasy novel|cookbook} has {412|208} pages and was published by {Lantern|Oakstock} Press.
Our {almond|pistachio} spread contains {95|60} percent nuts, no palm oil and a pinch of {salt|cardamom}.
Q: What is in the box? A: One {microscope|telescope}, {two eyepieces|a finder scope}, a manual.
{Knee brace|Wrist splint} with adjustable straps for {running|typing}, breathable, fits left and right
We are sorry that your {lamp shade|picture frame} arrived damaged. Please send us a photo of the {rim|glass}.
Enjoy the taste of {Sicily|Kerala} with {blood orange marmalade|black pepper cashews}, packed by hand.
{Ballet|Tap} shoes for children, {pink leather|black patent}, with elastic, sizes 24 to 35
Track your {fertility|sleep} with the {Ovaluna|Dormio} ring: light, waterproof, no subscription.
Compatible with: {Grindmaster 200|Frostline 90}. Part: {burr|door seal}. Pack of {1|2}.
Warning: {choking hazard|hot surface}. This {bead kit|raclette grill} is not for children under {3|14}.
Add {a rustic|an elegant} touch to your table with {seagrass placemats|gold rimmed chargers}, set of {six|eight}.
{Spanish|Korean} for beginners, {workbook|flash cards}, level {A1|A2}, with audio
The {otter|hedgehog} soft toy is {30|22} cm tall, filled with {recycled fibre|lavender}, and eyes are embroidered.
Fits models from {2008 to 2013|2016 to 2021}: {front brake pads|cabin filter}, ceramic, OE quality
{Sourdough|Kombucha} starter kit with jar, cloth and {rye flour|culture}. Ready in {seven|ten} days.
Hire our {bouncy castle|photo booth} for {a day|an evening}. Set-up included within {20|50} miles.
{Men's|Women's} {chinos|culottes}, {stretch cotton|viscose twill}, {khaki|rust}, regular fit
"""

EN_BOILERPLATE = r"""
You are an assistant of an online shop. Read the product title below and say which category of our catalogue it belongs to. Answer with the name of the category and nothing else.\nTitle: {}
Dear customer,\nthank you for contacting our service team. We have received your message and will come back to you within two working days. You wrote:\n"{}"\nKind regards, your service team
We ship within 24 hours from our own warehouse. 30 days free returns. All prices include VAT. Follow our shop for 5 percent off the next order.\nItem: {}
The following text was written by a customer about something they bought. Decide whether the customer is satisfied. Take only what the text says into account, not what you know about the product.\nText: {}
Please note that colours can look different on your screen and that sizes may vary by 1 to 3 cm because they are measured by hand. If you have any question, ask us before you leave feedback.\n{}
Below you find a question that a shopper asked on a product page. Write a short, polite and truthful answer. If you do not know, say so.\nQuestion: {}
Extract all attributes that are named in the following listing, and give each with its value, one a line, in the order in which they appear. Do not invent any.\nListing: {}
This seller has been verified. Buyer protection applies to all orders paid through the platform. Report this listing if you find it misleading.\nDescription: {}
"""

EN_STOCK = r"""
Would definitely recommend to friends and family.
Fast delivery and well packaged, thank you.
Exactly as described in the listing.
Great value for money overall.
Seller was very helpful and answered quickly.
Bought it as a present and they loved it.
I have been using it for a few weeks now.
Not sure it is worth the full price.
"""

EN_GENERIC = r"""
Good # Good
great product # Great product!
Love it # love it!!
Nice # nice
ok # OK
Five stars # five stars
Works great # works great.
As described # as described
very happy # Very happy
Perfect! # perfect
thank you # Thank you
Fast shipping # fast shipping
Not bad # not bad
good quality # Good quality
Excellent # excellent
Highly recommend # highly recommend!
so so # So so
Don't buy # dont buy
Terrible # terrible
money well spent # Money well spent
No complaints # no complaints
Cute # cute :)
good price # Good price.
meh # Meh.
Bad quality # bad quality
"""

EN_SHORT_INSIDE = r"""
Great quality! # The stitching on the inside is as neat as on the outside and the zip runs without a hitch. Great quality! I only wish the lining came in something other than beige. # positive
Works as expected. # Set it up in the garage for the compressor, left it running over the weekend. Works as expected. The cable could be a metre longer, but that is nagging on a high level. # positive
Very disappointed. # Third replacement bulb in a row that flickers the moment the fridge kicks in. Very disappointed. The shop blames my wiring, the electrician blames the shop. # negative
I love it. # It was meant for my daughter's hamster and ended up on my desk, full of paper clips. I love it. She has forgiven me, the hamster I'm not sure about. # positive
Arrived on time. # Ordered on a Sunday, needed it for a hike on Thursday. Arrived on time. The rain cover is a joke, though, it wouldn't keep a sandwich dry. # neutral
Would buy again. # We've been through two winters with this shovel, salt and ice included, and the edge is still straight. Would buy again. The handle is a bit short for anyone over six feet. # positive
Not worth it. # You pay for the name and get a plastic hinge that squeaks by the second week, while the no-name one in my parents' kitchen is on year nine. Not worth it. # negative
Easy to clean. # Made plum dumplings, cheese sauce and something my kids call swamp in this pot, all in a single day. Easy to clean. Lid knob gets hot. # positive
So comfortable. # I'm on my feet for twelve hours on the ward and used to limp home. So comfortable. They squeak on wet lino, which at least warns the patients. # positive
Looks cheap. # In the photo it could pass for brass, in my hallway it looks like a school play. Looks cheap. I've painted it black since and now it is tolerable. # negative
Good value. # Six tea towels for the price of a coffee, they dry glasses without leaving fluff and survived the boil wash. Good value. One had a loose thread. # positive
Five stars from me. # My grandfather is ninety-one and refuses everything with a screen, but this radio with its two knobs he turned on by himself. Five stars from me. # positive
Does the job. # Not the prettiest stool, and the paint smells for a day, but I've painted three ceilings standing on it. Does the job. # positive
Highly recommended! # The seedlings came in damp moss, every single one labelled by hand, and two extra lavender as a gift. Highly recommended! Mine flowered in June. # positive
Too small. # Says it fits a queen mattress, it fits a queen mattress if you fold the mattress. Too small. Sent it to my nephew for his bunk. # negative
Nice colour. # I held it against the wall for an hour before deciding. Nice colour. On the website it looked more turquoise, in the evening light it leans towards slate. # positive
It broke after a week. # Used twice for opening paint tins, which is what the packet shows. It broke after a week. The tip snapped clean off and is still in the tin. # negative
Fits perfectly. # Old camper van, odd windows, nothing ever suits. I sent them my sketch with measurements in pencil and got these blinds back. Fits perfectly. # positive
My kids love it. # It's a cardboard rocket, that is all it is, and the expensive tablet has been lying untouched for nine days. My kids love it. # positive
Good customer service. # The first grinder made a noise like a tractor. They had it picked up and sent another the same afternoon. Good customer service. Coffee is fine too. # positive
No smell. # I am sensitive to new foam and had the windows open just in case. No smell. After a month the edge has gone a little soft where I sit to tie my shoes. # positive
Very light. # Carried it up four floors with a child on the other arm. Very light. The wheels are small and hate cobbles. # positive
A bit pricey. # For a brush. It's a brush. But my hair has stopped snapping and I've told everyone at work. A bit pricey. # positive
Thank you! # I wrote on the order that it was for a funeral, and someone had tied a dark ribbon round it without charging anything. Thank you! # positive
Don't bother. # Sticks to glass for a day, to tiles for an hour, to paint not at all. When it falls it takes the mirror along. Don't bother. # negative
"""

EN_COMMON_QUESTIONS = r"""
Is it waterproof? # Yes, fully. # Only splash proof. # Audio,Shoes,Fashion,Camping,Automotive,Watches,Phones,Lighting
Does it come with a warranty? # Two years. # One year. # Kitchen,Tools,Computers,Cleaning,Health,Sewing,Heating,Networking,Audio
What are the exact dimensions? # 42 x 18 x 97 cm # 30 x 30 x 12 cm # Furniture,Aquarium,Storage,Travel,Lighting,Bathroom,Heating
Can I return it if it does not fit? # Within 30 days, unworn. # Yes, return shipping is free. # Shoes,Fashion,Jewellery,Phones,Bedding,Watches
Is it made in Europe? # Yes, in Portugal. # No, in Vietnam. # Shoes,Bedding,Kitchen,Stationery,Toys,Furniture
Does it need assembly? # About twenty minutes. # No, it arrives ready. # Furniture,Office,Toys,Sports,Fitness,Camping
What is it made of? # Mostly recycled material. # See the title, nothing else. # Toys,Storage,Pets,Bathroom,Stationery,Travel
Is the battery replaceable? # Yes, with two screws. # No, it is sealed. # Audio,Cleaning,Tools,Health,Gaming,Watches,Automotive
How much does it weigh? # 1.4 kg # 620 g # Photography,Stationery,Tools,Instruments,Kitchen,Computers
Is it suitable for children? # From three years. # Not under fourteen. # Toys,Crafts,Sports,Books,Instruments,Sewing
Does it ship to Ireland? # Yes, in four days. # Sorry, not yet. # Grocery,Beauty,Books,Party,Haircare,Crafts
Are spare parts available? # Yes, ask our service. # Only for the older model. # Cleaning,Aquarium,Sewing,Cycling,Food prep,Office
Can it be used outdoors? # Under a roof, yes. # Indoors only. # Heating,Smart home,Lighting,Furniture,Networking,Sports
Is there a smaller size? # Yes, one size below. # This is the smallest. # Pets,Outdoor,Bedding,Kitchen,Haircare,Bathroom
"""

EN_SHORT_ANSWERS = r"""
Yes # Does the lamp have a dimmer? # Can the tripod hold a spotting scope?
No # Is a charger in the box of the e-reader? # Are the glasses tempered?
positive # Smooth as butter and it was half price, what's not to like # The carrier kept my twins dry through a whole thunderstorm.
negative # Came with a dent the size of a plum and no screws. # The glue dissolved in the first dishwasher run.
2 years # How long is the guarantee on the pressure cooker? # How long does an open tin of this varnish keep?
black # Which colour do the headphone pads of the studio model have? # What colour is the inside of the wallet?
Electronics # Corebyte USB hub, seven ports, own switch # Battery tester for round and square cells, with needle
not relevant # Query: nursing pillow\nTitle: Rotary cheese grater, drum style # Query: hockey stick tape\nTitle: Sewing chalk, 12 pieces
About 30 cm # How high is the lantern with its handle up? # How wide is the drawer at the bottom?
Yes, it does. # Does the greenhouse come with pegs? # Does the globe light up from the inside?
No, sorry. # Can you engrave the back of the locket? # Do you have the armchair in leather?
cotton # Title: Apron with cross straps, 100 % cotton, indigo # Title: Cord bag in undyed cotton, two handles
4 out of 5 # Sturdy ladder, rubber feet could be better. # Good map, print a little small, my dad manages with a lens.
USB-C # Which port does the bike light charge through? # What plug is on the cable of the nail lamp?
neutral # It is a bucket. It holds water. # Some nights the tea helps, some nights it doesn't.
match # Product 1: Oriel lamp white\nProduct 2: ORIEL table lamp, white # Product 1: Voyla case 55\nProduct 2: Voyla trolley 55 cm
no match # Product 1: Luno mat bamboo\nProduct 2: Luno shelf bamboo # Product 1: Merrow watch\nProduct 2: Merrow strap
Home & Garden # Rain gauge with stake, glass tube # Door draught excluder, fox shaped
M # Which size for a chest of 98 cm in the fleece? # My helmet is 56 cm, which size of the cover?
I don't know. # Has anyone tried the press with frozen berries? # Would this ramp carry a mobility scooter?
complaint # Where is the other half of my order?! # I was promised a callback on Monday and sat by the phone.
250 ml # How much fits into the smallest beaker? # What is the volume of the travel flask of conditioner?
dishwasher safe # Title: Chopping mat, flexible, dishwasher safe # Title: Porcelain ramekins, set of four, dishwasher safe
three days # How long did the delivery of the bookcase take? # How long does the charge of the collar last?
sizing # I take a nine everywhere, in these I swim. # The waist would go round me twice.
"""

EN_BUNDLES = r"""
camera # camera bag
printer # ink cartridge
tent # sleeping mat
razor handle # razor blades
guitar # guitar strings
baby monitor # batteries AA
aquarium # fish food
paint # masking tape
bicycle # bike lock
espresso machine # descaling tablets
laptop # laptop sleeve
bed frame # mattress
barbecue # charcoal
football boots # shin pads
yarn # knitting needles
water filter jug # filter cartridges
wok # cooking oil
drill # drill bits
suit # tie
phone # screen protector
swimsuit # goggles
notebook # fountain pen
wine glasses # corkscrew
Christmas tree # fairy lights
flower pot # potting soil
"""


EN_QUERY_ORDER = r"""
cast iron dutch oven 5 l # 5 l dutch oven cast iron
travel tripod carbon fibre # carbon fibre travel tripod
smart plug energy monitoring # energy monitoring smart plug
air dry clay white 5 kg # white air dry clay 5 kg
bike floor pump with gauge # floor pump with gauge bike
dotted journal a5 # a5 journal dotted
oil filled radiator 2000w # 2000w radiator oil filled
womens trail running shoes # trail running shoes womens
"""

EN_QUESTION_TAILS = r"""
thanks
Thanks in advance!
thank you
cheers
Thx :)
Regards, J.
please advise
"""

EN_REVIEW_TAILS = r"""
Hope this helps.
Just my opinion.
Thanks for reading.
That's all.
thx
"""

EN_FRAMES = r"""
review # My sister wrote about hers: "{text}" I can only agree. As for the other thing we ordered: {other}
review # 1. {other}\n2. {text}\n3. {third}
review # Updated after half a year. My first impression was: {text} Nothing has changed since, except that the box has gone to the loft and the receipt is lost.
title # You are looking at the {text}. It leaves our warehouse the same day if you order before two, and a spare part is in the box. Questions? Our chat is open until ten in the evening.
title # Clearance, last pieces: {text} - new in sealed packaging, collection possible, no exchange
title # Your basket: {text} (1), {other_title} (1). Both ship together on Monday.
question # Shopper: Hi there, I am looking at the {about}.\nAgent: Hello, how can I help?\nShopper: {text}\nAgent: Let me check that for you, one moment please.
question # Hello, I have had the {about} in my basket since yesterday and cannot decide. {text} And while I am asking, do you deliver on Saturdays?
description # Sale of the week. {text} Order two and save on shipping, and do not forget to leave us your feedback.
description # From our autumn letter, page three. {text} More of this on the next page, together with a recipe for quince jelly and the winners of the photo contest.
"""


# Chinese texts, all invented, with the same marks as the English ones.

ZH_TITLES = r"""
厨房电器 # 不锈钢电热水壶 # 沸小雅 ~ 电热水壶 ~ 1.7升大容量 ~ 304不锈钢内胆 ~ 自动断电 ~ 防烫手柄
数码影音 # 头戴式降噪耳机 # 声澜H9 ~ 头戴式蓝牙耳机 ~ 主动降噪 ~ 40小时续航 ~ 可折叠 ~ 午夜蓝
鞋靴 # 女款越野跑鞋 # 岭跃 ~ 女子越野跑鞋 ~ 防滑耐磨大底 ~ 透气网面 ~ 37码 ~ 珊瑚橙
宠物用品 # 慢食狗碗 # 汪小慢 ~ 宠物慢食碗 ~ 防滑硅胶底 ~ 中大型犬适用 ~ 可进洗碗机 ~ 湖蓝色
园艺 # 伸缩浇花水管 # 绿径 ~ 高压伸缩浇花水管 ~ 30米 ~ 全铜接头 ~ 八档喷枪 ~ 不打结
母婴 # 儿童安全座椅 # 团团熊 ~ 儿童安全座椅 ~ 0至4岁 ~ 双向安装 ~ 可拆洗布套 ~ 石墨灰
五金工具 # 充电手电钻 # 匠山 ~ 18V锂电钻 ~ 双电池套装 ~ 自锁夹头 ~ 21档扭力 ~ 手提箱
文具 # 点阵手账本 # 墨折 ~ A5点阵手账本 ~ 硬壳精装 ~ 160克加厚纸 ~ 松紧绑带 ~ 苔绿
美妆护肤 # 维c精华液 # 露弥 ~ 维C提亮精华液 ~ 30ml ~ 透明质酸补水 ~ 无香精 ~ 暗沉肌适用
手机配件 # 防摔手机壳带支架 # 甲盾 ~ 军工防摔手机壳 ~ 隐形支架 ~ 四角气囊 ~ 镜头全包 ~ 军绿
家纺 # 纯棉四件套1.8米床 # 眠里 ~ 60支长绒棉四件套 ~ 1.8米床 ~ 双面磨毛 ~ 天然椰壳扣 ~ 沙色
骑行 # 自行车打气筒 # 轮友 ~ 家用立式打气筒 ~ 160PSI气压表 ~ 美嘴法嘴通用 ~ 钢制筒身 ~ 红色
玩具 # 木制轨道弹珠积木 # 木芽 ~ 儿童木制弹珠轨道 ~ 62件套 ~ 榉木 ~ 4岁以上 ~ 礼盒装
食品 # 中度烘焙咖啡粉 # 晨坡 ~ 中度烘焙咖啡粉 ~ 可可无花果风味 ~ 340克 ~ 手冲滤泡 ~ 袋装
灯具 # 带无线充的护眼台灯 # 澄光 ~ LED护眼台灯 ~ 无线充电底座 ~ 五档色温 ~ 触摸调光 ~ 白色
户外 # 双人徒步帐篷 # 石径 ~ 双人徒步帐篷 ~ 1.9公斤轻量 ~ 铝合金帐杆 ~ 全遮外帐 ~ 松针绿
电脑外设 # 87键机械键盘茶轴 # 嗒嗒TKL ~ 87键机械键盘 ~ 热插拔茶轴 ~ Type-C接口 ~ RGB背光 ~ PBT键帽
健身 # 可调节哑铃24公斤 # 铁径 ~ 可调节哑铃 ~ 2至24公斤 ~ 旋钮换重 ~ 带收纳底座 ~ 单只
家具 # 超薄翻斗鞋柜 # 禾栖 ~ 超薄翻斗鞋柜 ~ 三层 ~ 挂墙式 ~ 橡木纹 ~ 深17厘米
珠宝饰品 # 金色耳圈耳扣女 # 小昂 ~ 锆石耳圈耳扣 ~ 镀18K金 ~ 防过敏 ~ 直径9毫米 ~ 一对
汽车用品 # 行车记录仪2k夜视 # 路见D2 ~ 行车记录仪 ~ 2K超清夜视 ~ 停车监控 ~ 碰撞锁定 ~ 送64G卡
男装 # 油蜡夹克男 # 北垄 ~ 男士油蜡棉夹克 ~ 灯芯绒领 ~ 格纹里衬 ~ 双头拉链 ~ 深橄榄
卫浴 # 浴室防滑竹地垫 # 竹屿 ~ 浴室竹踏板 ~ 镂空排水 ~ 60x40厘米 ~ 防滑脚垫 ~ 防霉清漆
清洁电器 # 无线手持吸尘器 # 旋净V6 ~ 无线手持吸尘器 ~ 25千帕吸力 ~ 45分钟续航 ~ 可洗滤网 ~ 壁挂充电
摄影 # 碳纤维旅行三脚架 # 稳立 ~ 碳纤维旅行三脚架 ~ 全景云台 ~ 收纳38厘米 ~ 承重8公斤 ~ 送手机夹
图书 # 儿童世界地图绘本 # 小经纬 ~ 我的第一本世界地图 ~ 立体翻翻书 ~ 精装硬皮 ~ 5至8岁 ~ 地理启蒙
乐器 # 23寸尤克里里初学 # 海螺湾 ~ 23寸尤克里里 ~ 沙比利面板 ~ 琴包 ~ 夹式调音器 ~ 备用弦
箱包 # 20寸登机箱 # 远渡 ~ 20寸登机箱 ~ 静音万向轮 ~ 海关密码锁 ~ 2.4公斤 ~ 玫瑰粉
手工 # 免烧白陶泥 # 泥手 ~ 免烧风干陶泥 ~ 5公斤 ~ 白色 ~ 自封袋装 ~ 送雕塑刀
办公家具 # 人体工学椅 # 正坐 ~ 人体工学电脑椅 ~ 网布靠背 ~ 独立腰托 ~ 可翻扶手 ~ 承重130公斤
水族 # 办公桌小鱼缸 # 礁礁 ~ 桌面生态鱼缸 ~ 19升 ~ 弧面玻璃 ~ 静音过滤 ~ LED顶灯
厨具 # 珐琅铸铁锅24cm # 炉岭 ~ 珐琅铸铁炖锅 ~ 24厘米 ~ 锅盖自凝露 ~ 电磁炉通用 ~ 松石绿
网络设备 # 子母路由器三只装 # 网蔓M3 ~ 全屋WiFi6子母路由器 ~ 三只装 ~ 千兆网口 ~ 覆盖260平 ~ 手机配网
水具 # 一升保温吸管杯 # 水野间 ~ 1升保温吸管杯 ~ 316不锈钢 ~ 磨砂喷涂 ~ 带提手 ~ 浅丁香
健康 # 手腕式血压计 # 脉安 ~ 手腕式电子血压计 ~ 双人各99组记忆 ~ 心律不齐提示 ~ 大字屏 ~ 收纳盒
缝纫 # 家用小型缝纫机 # 线线 ~ 家用电动缝纫机 ~ 12种线迹 ~ 脚踏板 ~ 加宽台面 ~ 薄荷绿
派对 # 生日气球拱门套装 # 呼啦 ~ 气球拱门套装 ~ 114只 ~ 加厚乳胶 ~ 鼠尾草绿配金 ~ 送点胶
洗护 # 无硫酸盐卷发洗发水 # 卷卷 ~ 卷发定型洗发水 ~ 不含硫酸盐 ~ 乳木果亚麻籽 ~ 400ml ~ 蓬松弹润
收纳 # 抽屉透明分隔盒 # 明格 ~ 抽屉分隔收纳盒 ~ 14件套 ~ 透明加厚 ~ 化妆品文具 ~ 自由组合
运动 # 羽毛球拍四支装 # 羽乐 ~ 家庭羽毛球套装 ~ 四支拍 ~ 六只球 ~ 便携球网 ~ 手提包
智能家居 # 带电量统计的智能插座 # 小瓦 ~ 智能插座 ~ 电量统计 ~ 16A大功率 ~ 语音控制 ~ 四只装
取暖 # 2000瓦电油汀 # 暖栅 ~ 电热油汀取暖器 ~ 2000W ~ 九片加宽 ~ 倾倒断电 ~ 带晾衣架
游戏 # 电脑无线手柄 # 挂锁G1 ~ 无线游戏手柄 ~ 霍尔摇杆 ~ 背键可编程 ~ 2.4G接收器 ~ 烟灰透明
茶叶 # 安化黑茶砖 # 老磨坊 ~ 安化黑茶茯砖 ~ 金花茂盛 ~ 1公斤 ~ 手筑 ~ 附茶针
手表 # 光能野战手表 # 木衡 ~ 光动能野战手表 ~ 38毫米 ~ 蓝宝石镜面 ~ 100米防水 ~ 帆布表带
"""

ZH_REVIEWS = r"""
电热水壶 # negative # 速度=正面，壶盖=负面 # 烧水{确实}快，两分钟就开，但是左手倒水的时候盖子会{自己}弹开，{已经}烫到我两回了。
耳机 # positive # 音质=正面，舒适度=负面 # 这个价位能有这种低音{真的}离谱。戴一个{多}小时耳朵就捂得慌，{所以}坐长途别指望它。
越野跑鞋 # positive # 抓地=正面，尺码=负面 # 二月份穿着{它}直接上的泥坡，一次都没打滑。鞋头偏窄，脚宽的{姐妹}建议大半码。
慢食碗 # positive # 功能=正面，清洗=负面 # 我家拉布拉多以前吃饭十秒钟{解决战斗}，换了这个迷宫碗{之后}能吃六分钟。缝里容易卡肉汁，{得}拿刷子刷。
浇花水管 # negative # 耐用=负面，价格=负面 # 第三天{就}在水龙头那头爆了，我{只是}浇了几棵西红柿{而已}，两百块打水漂。
安全座椅 # positive # 安装=负面，布套=正面 # 布套整个能拆下来机洗，{就}冲这点买的。反向安装我俩折腾了{一个}小时，还差点吵起来。
手电钻 # positive # 动力=正面，电池=正面 # 一块电池装完了九米围栏，夹头咬得紧，离合该跳的时候就跳，{目前}没毛病。
手账本 # neutral # 纸张=正面，装订=负面 # 钢笔写上去不洇不透，{这点}很满意。用到四十页{左右}书脊裂了，摊不平。
精华液 # negative # 过敏=负面 # 用了两天下巴{就}冒小疙瘩，停了就消，再用又起，{你们}自己品。
手机壳 # positive # 防摔=正面，重量=负面 # 从梯子上掉到水泥地，手机一点事没有！！就是揣兜里像{揣了}块砖头哈哈哈
四件套 # positive # 面料=正面，色差=负面 # 越洗越软{是真的}。颜色嘛，页面上看是沙色，铺到床上{明显}偏粉。
打气筒 # negative # 气压表=负面 # 表显示的数比我{那个}旧的数字表高了十五左右，按它打出来的胎都是软的。别的地方{倒是}挺扎实。
弹珠轨道 # positive # 趣味=正面，说明书=负面 # 下雨天一个四岁一个七岁{愣是}玩了一整天没打架。说明书只有{几张}小图，第一座塔全靠猜。
咖啡粉 # neutral # 口味=中性，价格=负面 # 日常喝{还}可以，坚果味多过可可味。九十块一袋{有点}离谱，不会再原价买。
台灯 # negative # 无线充=负面，光线=正面 # 光很匀，看书{眼睛}不累。底座那个无线充烫得{能}煎蛋，充到百分之六十必停。
帐篷 # positive # 重量=正面，空间=负面 # 轻到我爬到半山腰{才}想起来包里还有它。说是双人，感情不好的{两个人}别睡。
机械键盘 # positive # 手感=正面，驱动=负面 # 手感像踩在刚下的雪上，上头。驱动只有Windows版，切个配置就闪退，{真}服了。
哑铃 # negative # 旋钮=负面，客服=负面 # 用了一个月旋钮卡死在八公斤和十公斤中间，现在我拥有一只{很贵的}八公斤哑铃。客服回了一次就{再也}没下文。
鞋柜 # neutral # 尺寸=正面，组装=负面 # 门后那点地方别的都放不下，{只有}它能放。装了三个晚上，滑丝两颗螺丝，吵了一架。46码的鞋只能斜着{塞}。
耳扣 # positive # 佩戴=正面，扣子=负面 # 天天戴着睡觉，{完全}没感觉。扣子紧，头一回找个人帮{你}弄。
行车记录仪 # negative # 夜视=负面，应用=负面 # 天一黑车牌一个都看不清，我买它{不就是}为了这个吗。手机软件还非要{一直}开定位。
油蜡夹克 # positive # 版型=正面，气味=负面 # 像给我量身做的，里衬{也}好看得舍不得系扣子。头一礼拜有股蜡烛味，挂阳台吹吹就好{了}。
竹地垫 # negative # 防滑=负面 # 看着像进了温泉酒店，踩上去像进了溜冰场。脚垫{一个星期}就掉胶了。
吸尘器 # positive # 吸力=正面，尘盒=负面 # 猫砂和长头发都能吸，{刷头}还不缠。尘盒也就一个马克杯大，一个房间得倒两次。
三脚架 # positive # 稳定=正面 # 海边大风天架长焦拍了三十秒长曝光，片子{居然}没糊。拧锁的脚管，习惯了很快。
世界地图绘本 # positive # 内容=正面，做工=负面 # 外甥女现在吃早饭都要问蒙古的首都是哪儿。最喜欢海底那几页翻翻，已经{被她}撕坏俩{了}。
尤克里里 # neutral # 音准=负面，音色=正面 # 这个价音色算暖的{了}。头半个月一直跑音，琴行老板说新弦都这样，{我}忍。
登机箱 # negative # 轮子=负面，箱体=正面 # 第一次出门，刚到昆明机场轮子就断了一个。箱壳{倒是}一道划痕都没有，{这点}得认。
陶泥 # negative # 干燥=负面 # 照着说明做的，薄的厚的都裂，晾一晚上全是缝。{孩子}手工作业泡汤了。
人体工学椅 # positive # 支撑=正面，扶手=负面 # 腰疼了十一年，{前后}换过三把椅子，就它了。扶手有点晃，我{直接}给拆了。
鱼缸 # positive # 噪音=正面，灯光=负面 # 静到我老{以为}过滤器没开，{一天}要凑过去看好几回。灯偏蓝，养草不{太}行。
铸铁锅 # positive # 烹饪=正面，重量=负面 # 在家烤出来的欧包{头一回}有那种脆壳。就是沉，跟抱个娃似的，小心砸脚。
路由器 # positive # 覆盖=正面，配网=负面 # 后院杂物间{头一次}满格。配网失败了四回，后来把手机流量关了才成。
保温杯 # negative # 密封=负面，保温=正面 # 第二天早上冰还在，{保温}没得说。可是吸管一竖着就漏，包里{又}报销一本笔记本。
血压计 # neutral # 准确度=中性，屏幕=正面 # 比社区医院量的高十个点{左右}。字是真大，我不戴花镜也看得见。
缝纫机 # positive # 上手=正面，说明书=负面 # 到货当天就缝了俩抱枕套。说明书像是微波炉翻译的，看{网上}视频学吧。
气球拱门 # positive # 效果=正面，费力=负面 # 来的客人都以为我请了布置公司。{千万}头天晚上就开始吹，四个小时起步，手指头{会}恨你。
洗发水 # negative # 气味=负面，效果=负面 # 一股湿纸箱味，洗完头发{干得}跟稻草似的，我这头自来卷不配吗？
分隔盒 # positive # 尺寸=正面 # 量了两遍才下单，浅抽屉{刚刚}好放下，总算知道镊子在哪儿了。
羽毛球套装 # negative # 球网=负面 # 网杆往里歪，像俩喝多的。最后{孩子们}用的晾衣绳，拍子还凑合。
智能插座 # negative # 连接=负面 # 每到周二就掉线，{也}不知道跟周二有什么仇，{还}得拿回形针捅一下重置，不伺候了。
油汀 # positive # 制热=正面，噪音=正面 # 小房间一刻钟就热了，除了凉下来的时候叮一声，{基本}没动静。电费单还没{敢}看。
游戏手柄 # positive # 摇杆=正面，物流=负面 # 跑了三百来个小时赛车，摇杆一点没漂。快递走了{整整}三个礼拜，我以为丢了。
擦丝器 # negative # 安全=负面 # 它把手套切开了。防割手套。还好手指{头}停得及时，各位退了吧。
野战表 # positive # 易读=正面，表带=负面 # 半夜不用按{任何}键，瞄一眼就知道几点。表带跟扣子摩擦的地方起毛{了}。
拉面馆 # negative # 服务=负面，口味=正面 # 汤头浓得挂勺，这一片数它{家}好喝。等位五十分钟，坐下来连杯水都没人倒。
外卖披萨 # neutral # 口味=正面，配送=负面 # 送到的时候饼边还是脆的，料也足。骑手又放错门口，蒜香包让{邻居家}狗吃了。
扫地机器人 # negative # 避障=负面 # 跟一条椅子腿较劲十分钟，然后{语音}播报找不到充电座，傻得可爱但我要退货。
孕妇裤 # positive # 舒适=正面，透=负面 # 穿到卸货那天，说实话卸完货也{一直}在穿。蹲下有点透，上面得搭长{一点的}衣服。
徒步袜 # positive # 防磨=正面 # 环湖走了一百二十公里，一个水泡没有。完。
电子书阅读器 # positive # 屏幕=正面，速度=负面 # 大太阳底下看跟纸{书}一样。带图的书翻页卡。
猫爬架 # negative # 稳固=负面 # 十斤的橘猫往顶上一跳它就晃，最后{还是}自己买角码固定在墙上的。
蛋白粉 # negative # 口味=负面，溶解=正面 # 摇两下就化，不结块，{这个}难得。味道像有人隔着电话给化学老师形容了一下香草。
地毯 # neutral # 绒毛=正面，掉毛=负面 # 踩着是真舒服，娃天天趴上面。四个月了还在掉毛，掉下来的够{我}再织一块。
空气炸锅 # positive # 烹饪=正面，清洗=负面 # 薯条十八分钟，三文鱼十分钟，我{那}上初中的儿子都会做饭了。炸篮涂层拿{普通}百洁布一擦就花，用软的那面。
园艺手套 # positive # 合手=正面 # 总算有小手能戴的了，月季刺{暂时}扎不透手心。
电动牙刷 # positive # 续航=正面，噪音=负面 # 一号充的电，三十号还有。我老婆说{早上}听着像有人在卫生间割草。
桌游 # positive # 规则=负面，重开=正面 # 规则像律师写的，玩起来像天使设计的。第三个晚上全家{求着}再来一把。
雪地靴 # negative # 防水=负面，保暖=正面 # 干雪地里暖得冒汗，一踩到化了的雪水，脚趾那条缝就进水。{果断}退了。
显示器支架 # positive # 做工=正面 # 32寸带鱼屏举着不往下掉。内六角{扳手}别扔，过阵子要调弹簧。
咖啡机 # positive # 奶泡=负面，咖啡=正面，售后=正面，噪音=负面 # 这篇拖了半年才写，因为头一个星期用意式机，暴露的不是机器的毛病，是自己的毛病。现在打了好几百杯，可以说几句了。先说好的：真正热透以后，我是说手柄扣着预热半个钟头那种热透，出来的咖啡比我们街上那两家店都强，甜，厚，流下来是老虎纹，以前我一直以为那是拍照的把戏。我用十八克粉，接三十六克液，从四月到现在没动过。温控旋钮是真管用，浅烘的豆子按出厂设置一股柠檬皮味，往上拧两格就圆润了。再说不好的。蒸汽打一杯奶够用，打两杯就抓瞎，第二缸还没发起来气就软了，家里来客人要是人人都喝拿铁，你就准备好一边道歉一边聊天吧。接水盘浅，而且没有浮标，我已经把台面淹了四回，每回都很意外。还有响，不是水泵，水泵的声音挺舒服，是顶上放杯子的围栏在抖，垫块抹布就好了。第三个月冲煮头的胶圈开始渗水，礼拜天晚上给售后发的消息，没抱希望，礼拜一一个姓殷的姑娘给我发来一段她自己动手换胶圈的视频，还白送了俩，说一个现在用，一个留着以后用。就是那一刻我决定不退了。还会不会再买？一两个人喝，喝黑的或者加一点点奶，闭着眼买。一家子都要喝奶咖的，加钱上双锅炉的吧，当然，你得先把烤面包机的地方腾出来。
婴儿推车 # neutral # 折叠=正面，轮子=负面，储物=正面，价格=负面 # 一个夏天试了四辆推车，三辆借的，一辆自己买的，我还记了笔记，对，我就是那种人。折叠是它的强项，一只手一只脚，收完自己能立在门口，这对另一只胳膊上挂着个刚学会尖叫的娃的人来说太要紧了。我们那小两厢的后备箱放得下它再加一周的菜，后排没人的话轮子都不用拆。底下的篮子能装一整个妈咪包、一张野餐垫，有一回还装了个西瓜。可是店里没人告诉你，出了商场的瓷砖地它是什么德性。石板路上前轮跟超市小推车一样哆嗦，湿草地里往下陷，河边那段碎石路我最后是倒着拖回来的，跟拉雪橇似的。走了两百来公里，一个前轮开始吱吱叫，上油管一天。厂家一个礼拜之内寄了新轮子，新轮子也叫，换了个调。遮阳篷给得大方，能一直拉到睡觉的位置，小窗户用的是磁铁，不是那种一撕全醒的魔术贴。安全带就得三只手才调得好，而且我闺女十四个月已经能自己脱出来一边肩膀。面料藏得住香蕉，藏不住酸奶，能擦，不能拆，所以掉进坐垫底下的东西就成了回忆。最后说价格，原价买我会觉得亏，便宜五六百的里头有的是更结实的车架。打折的时候，住电梯房、出门都是人行道、家里又没地方放的，可以买。要是你家旁边有林子，哪怕是个没人打理的公园，先找人借一辆推一个周末，走远点，再决定。
白噪音机 # positive # 声音=正面，应用=负面 # 给娃买的，现在一家三口离不了。雨声真像下在铁皮棚上，不是收音机串台那种沙沙，听不出循环，我凌晨四点专门躺着听过。还好不装软件也能用，那软件又要手机号又要邮箱又要生日，就差要我房产证了。提醒一句，蓝灯{特别}亮，拿胶布贴上，不然能看书。一月份到现在每晚开十个钟头，没停过一回。
升降桌 # negative # 电机=负面，客服=负面，桌面=正面 # 桌板是好{桌板}，竹子的，平，没缝，洒了一瓶墨水都扛住了。可惜两条腿合不来，左边电机{永远}慢几毫米，升到站着用的高度就是个坡，圆的东西都往一头滚。客服让我重置五遍，又要视频，又要换个角度的视频，最后因为我礼拜六二十四小时没回，工单给关了。现在坐着写字，也是坡。
润唇膏 # positive # 香味=正面 # 是真橙子味，不是洁厕灵味。三个礼拜就没了，因为我妹老偷{着}用
窗帘 # negative # 遮光=负面 # 就这还“全遮光”？早上六点我{躺着}都能数清墙纸上几朵花。
吉他弦 # positive # 手感=正面 # 音色亮，不磨手，跑了两个月场子{还是}跟新的一样
蓝牙音箱 # negative # 续航=负面，音量=正面 # 在沙滩上声音够大{了}。说好二十个小时，实际也就七个，还是一半音量。
瑜伽垫 # positive # 防滑=正面，气味=负面 # 出一身汗做下犬式也不打滑。橡胶味冲，先在阳台晾两天{再用}。
挂钟 # negative # 走时=负面 # 一天慢十一分钟。一个钟。
打印机 # negative # 墨水=负面 # 黄色墨水不够，它不让我扫描。扫描。黄色。我这辈子{就}没这么恨过一个物件。
"""

ZH_QUESTIONS = r"""
沸小雅电热水壶1.7升 # 房车上接12伏逆变器{到底}能带得动吗？ # 功率有1800瓦左右，普通12伏逆变器一接就保护，建议用小功率的旅行壶或者卡式炉烧水。
声澜H9头戴耳机 # 没电的时候插线{还}能听吗？ # 可以的，用附赠的3.5毫米线插上就能听，只是降噪和麦克风都用不了。
岭跃越野跑鞋 # 把原装鞋垫拿掉，定制矫正鞋垫放得进去{吗}？ # 鞋垫可以抽出来，四分之三长的矫正垫没问题，全掌加厚的会把后跟垫得太高。
汪小慢慢食碗 # 法斗这种{脸}扁的狗吃得到里面的粮吗？ # 凸起有四厘米深，扁脸的够不着，咱家另外有一款浅的专门给法斗巴哥用。
绿径伸缩水管 # 不通水的时候{到底}有多长？ # 没水时缩到十米上下，要有三公斤以上的水压才能伸到三十米。
团团熊安全座椅 # 小两厢车后排能{并排}装两个吗？ # 单个宽44厘米，大部分小车装两个没问题，只是中间就坐不了人了。
匠山18V手电钻 # 电池跟老款{绿色}14V的通用不？ # 不通用，18V的卡槽宽，插不进14V的机器，充电器也不一样。
墨折手账本 # 页码是{一直}印到最后一页的吗？ # 从1印到192页，最前面还有目录页，大概能写六十条。
露弥维C精华 # {晚上}可以跟A醇叠着用吗？ # 建议早C晚A分开用，白天记得防晒，两样叠一起容易泛红刺痛。
甲盾手机壳 # 带着支架{还}能无线充电吗？ # 支架收平、充电板10瓦以上就能充，要是再贴引磁片或指环扣就充不上了。
眠里四件套 # 烘干以后用不用{再}熨？ # 稍微带点潮的时候拿出来抖一抖就行，多数人不熨，就喜欢那种自然褶皱。
轮友打气筒 # 法嘴的胶芯应该哪头朝外{装}？ # 拧开前盖，里面两个零件都掉个头，小孔朝外，再用手拧紧就可以了。
木芽弹珠轨道 # 弹珠能单独买吗，滚到沙发底下找不着九颗{了}？ # 店里有配件链接，二十颗一袋，直径16毫米的玻璃珠。
晨坡咖啡粉 # 这个粗细拿来摩卡壶煮会不会{太}粗？ # 这是手冲的研磨度，摩卡壶煮出来会寡淡，建议拍咖啡豆自己磨细一点。
澄光台灯 # 最暖那一档是多少K{的}？ # 五档里最暖的是2700K，最冷的是6500K。
石径双人帐篷 # 夏天能不能只支内帐不搭外帐{啊}？ # 可以，内帐直接挂在帐杆上，不下雨的晚上外帐就放包里别拿出来。
嗒嗒TKL键盘 # 苹果电脑不装驱动能把大写锁定改成Control{键}吗？ # 长按Fn加Tab三秒进入硬件改键，先按大写锁定，再按Control就行。
铁径可调节哑铃 # 以后再单买一只能跟现在这只配成一对{吗}？ # 单只一直有卖，两个底座还能卡在一起，放着不占地方。
禾栖鞋柜 # 送的膨胀螺丝{到底}是什么样的，我家是石膏板墙？ # 盒子里只有实心墙用的，石膏板墙要另买两个飞机锚栓，单个承重不低于十五公斤。
路见D2记录仪 # 停车监控{一晚上}会不会把电瓶耗干？ # 接降压线的话到11.8伏自动断电，插点烟器的熄火就停了。
北垄油蜡夹克 # 天天穿多久要{重新}打一次蜡？ # 天天穿一年一次就够，重点涂肩膀、手肘和缝线的地方。
竹屿地垫 # 家里是地暖，能{一直}铺着吗？ # 不建议，长期烤着竹条会干裂，从胶缝那里开。
旋净V6吸尘器 # 备用滤网{应该}拍哪个型号？ # 2021年以后的拍WF-62，之前的老款是圆的，拍WF-58。
稳立三脚架 # 手机夹夹得住带壳的大屏{手机}吗？ # 最宽能张到9.5厘米，带普通壳的大屏机没问题，背夹电池就不行了。
海螺湾尤克里里 # 琴弦什么材质，左撇子小孩自己能反着装{弦}吗？ # 是碳素弦，琴桥左右对称，四根弦倒过来装就是左手琴。
远渡登机箱 # 密码忘了，海关{那边}能帮忙重置吗？ # 海关只有钥匙改不了密码，可以从000试到999，或者把购买凭证发客服找厂家。
正坐电脑椅 # 座位最低能降到多少{公分}，我一米五二？ # 标配气杆最低45厘米，另有短款气杆可以到40厘米，需要单独拍。
礁礁桌面鱼缸 # 养几条红绿灯{比较}合适？ # 十九升适合一条斗鱼或者几只虾，红绿灯要六十升以上的长缸。
炉岭铸铁锅 # 盖子上的提钮能{直接}进烤箱烤面包吗？ # 提钮是不锈钢的，260度以内都可以，带盖烤面包没问题。
网蔓M3路由器 # 三只装的我先用两只，另一只拿去爸妈家{用}行不行？ # 两只可以正常用，第三只要在那边单独设成主路由，另注册一个账号。
水野间保温杯 # 750毫升的盖子跟这个{1升的}通用吗？ # 去年以后的宽口杯都是同一个螺纹，750的盖子可以拧上。
脉安血压计 # 心律不齐的人量出来{还}准吗？ # 它只会提示跳得不齐，这种情况建议用上臂式的，具体听医生的。
线线缝纫机 # 裤脚四层牛仔布{踩}得动吗？ # 换16号针，厚的地方用手轮转过去可以，全速踩不行。
卷卷洗发水 # 漂过染过的头发能用{吗}？ # 不含硫酸盐，对染发比较温和，不过亚麻籽成分会让浅金色稍微发暗。
小瓦智能插座 # 2500瓦的烘干机天天用它开关{到底}行不行？ # 最大16安大概3500瓦，短时间没问题，但厂家不建议长期带烘干机。
暖栅油汀 # 半夜停电再来电，它还记得{之前的}档位吗？ # 旋钮温控的会保持原来位置，电子定时的会回到十二点。
挂锁G1手柄 # 用什么电池，换电池要不要拆机{啊}？ # 内置1200毫安的锂电，能用二十个小时左右，不支持自己更换。
老磨坊黑茶 # 里面那些黄色的小点{点}是发霉了吗？ # 那是冠突散囊菌，俗称金花，越多越好，闻着有菌香不是霉味就放心喝。
木衡野战表 # 放抽屉里不见光能走多久{呢}？ # 充满电在暗处能走五个月，停了以后见光就会重新走。
羽乐羽毛球套装 # 网支起来有多高，是标准高度{吗}？ # 杆子能到1.55米，就是标准网高，不过拉绳不固定的话中间会往下塌。
"""

ZH_DESCRIPTIONS = r"""
野餐垫 # 露水、沙滩、看台长椅，铺开就能坐：绒面朝上留住体温，涂层朝下挡住潮气，最后用皮带一卷，挎在肩上就走。
室内种植机 # 六个孔，一个开关。把种子胶囊按进去，水加到蓝线，剩下的日出日落交给灯。罗勒五天冒头，香菜要多等等它。
面包刀 # 长而微弯的刀身，圆齿顺着硬皮滚过去，不撕不扯。刀柄是山那边木匠铺的梨木，只上油，从不刷漆。
近视泳镜 # 给戴眼镜的人做的：左眼右眼各选各的度数，咔哒一声扣进镜框，不用眯着眼找池边的秒表了。
象棋 # 棋子用黄杨木和鸡翅木车成，里面灌了钢块，底下贴着绒布，下快棋时胳膊肘扫过去，大半还能站着。
雨披 # 能收进自己胸前的口袋里，比一只苹果大不了多少。后片加长，背包也淋不着，两侧有按扣，刮大风不会变成风筝。
茶礼盒 # 十二罐，十二个早晨：礼拜一喝烟熏味的，下雨天喝麦香的，有两罐最配牛奶，还有一罐白茶淡到你以为忘了放茶叶。
儿童拖车 # 一分钟挂上后轴，能坐两个娃，也能装一周的菜，上火车可以压平。两边都有避震，过马路牙子不颠屁股。
喂鸟器 # 欢迎松鼠来试。站杆的弹簧只认小雀的体重，再重一点挡板就落下来盖住鸟食，顶盖单手就能揭开添料。
旅行颈枕 # 它不是一个圈，是一条藏着支架的围巾，你往哪边睡，支架就撑哪边。布套可以机洗，洗之前先把支架抽出来。
庭院灯 # 白天挂在栅栏上晒太阳，晚上像一支不用剪芯的蜡烛那样晃。连着下两天雨，还能亮四个钟头。
压面机 # 九档厚薄，从千层面到能隔着看报纸的那种薄皮。千万别水洗，干刷子加一小块废面团就能把滚轴带干净。
"""

ZH_SHORT = r"""
lg65uj75遥控器
女士凉鞋
猫抓板子
xr-55a90k
惠普304xl墨盒
苹果13手机壳
sd卡128g
海钓竿4.5米
冰箱密封条
防晒冰袖
b650m主板
儿童餐椅
cr2032纽扣电池
老式煤油灯
hwy14-186
新会陈皮十年
孕妇枕
65寸电视挂架
德绒内衣男
螺蛳粉
kn95口罩
gu10射灯
拼豆图纸
汉服马面裙
六角扳手套装
左手剪刀
蓝月牙
电陶炉
ts-402
马桶疏通器
"""

ZH_ACCENTS = r"""
Café风格折叠桌椅三件套，阳台庭院都能摆
法式crème brûlée焦糖布丁杯六只装，送喷枪
Zoé同款羊毛贝雷帽，加厚不扎头
这个purée辅食盒能不能进微波炉？
Müller刮雪铲黄铜刃口，不伤玻璃
Citroën天逸后备箱垫，TPE材质，全包围
rosé香槟杯水晶玻璃一对，婚礼用的
买的Piñata独角兽，里面是空的，糖要自己塞
naïve小众设计师胸针，蓝色小鸟，手工上色
Jalapeño腌辣椒切片，配披萨绝了
Lumière香薰蜡烛无花果味，烧得很匀
Pokémon风格公仔抱枕，趴着的，可以机洗
客厅挂画décor北欧三联，实木框
soufflé烤碗收到碎了一个，补发两天就到
Señorita弗拉明戈舞裙，波点，女童130
à la carte菜单夹亚克力A5斜面
Château复古相框13x18做旧白，有点掉粉
pâté刀四件套橄榄木柄
fiancé情侣对戒开口可调，掉色吗？
Tête-à-tête微型水仙种球，五十个一包，秋天种
über超薄电脑内胆包14寸，素皮
Hôtel系列浴袍加厚华夫格，吸水，重得像棉被
Bébé婴儿洗衣液2升补充装，味道很淡
L'Été防晒喷雾，喷头老是堵，挤不出来
José吉他变调夹，一只手就能夹上
"""

ZH_NUMBERS = r"""
买一送一，实际收到{两|2}双袜子
{三|3}层可折叠点心架，金边
用了{六|6}个月合页就坏了
一盒真的有{二十|20}片吗？
{五|5}件套旅行箱，带收纳袋，炭灰
我们家{七|7}口人，这锅够吃
保修写的{十|10}年，店家说一年，听谁的？
{两|2}个大人加一条狗睡得下吗？
充{九十|90}分钟能修一下午的绿篱
{第一|第1}次发来是碎的，{第二|第2}次颜色发错
床头灯{两|2}只装带USB
{八|8}只杯子有{三|3}只磕了口
一百个太少，我要{三百|300}个，能便宜吗？
{四|4}斗窄柜，亮面白
男士中筒袜{六|6}双黑色
{三十|30}天速写打卡本，学生用
{十五|15}分钟就喝上第一杯，不夸张
婚礼订了{四十|40}把椅子，到了{四十|40}把，干净准时
儿子刚满{九|9}岁，全程自己装的
车顶箱，能放{四|4}副雪板
{十一|11}升听着挺大，洗个被子就知道了
{二十四|24}色水彩笔，可水洗
半{斤|斤}装的{五|5}袋一共多少钱？
说好{三|3}天到，等了{十二|12}天
{一|1}米八的床配多大的被子？
"""

ZH_SCRIPT_EXTRA = r"""
这条裤子的版型很显瘦，但是腰围偏小，建议大家选大一号。
请问这个电饭锅有预约功能吗？晚上放米早上能吃吗？
"""

ZH_PARAPHRASE = r"""
穿第二回拉链就坏了。 # 拉链不行，才上身两次就拉不上了。
2015款两厢车能装吗？ # 我的车是15年的掀背，这个配得上不？
中午就没电了。 # 充满一次连一上午都撑不到。
太甜，后味还发咸。 # 齁得慌，吃到最后嘴里有股盐味。
可以放洗碗机里洗吗？ # 用机器洗行不行，会不会坏？
没想到这个价钱做得这么结实。 # 便宜归便宜，扎实程度超出预期。
说明书完全看不懂。 # 那张纸写得云里雾里，不知道怎么装。
便宜的电竞椅学生用 # 适合上学孩子打游戏坐的平价椅子
我家猫理都不理。 # 买回来主子一眼都没瞧过。
洗一次就开线了。 # 才下了一回水，缝的地方就散了。
发货的时候整箱有多重？ # 快递到手连包装一共几斤？
比旧的那台安静多了。 # 跟以前用的比，几乎听不见响。
盖子不严，汤全洒包里了。 # 密封差劲，背包里都是汤水。
浴室用的防水音箱 # 洗澡时候能听歌不怕水的喇叭
提前一个礼拜就到了，包得也好。 # 比预计早了七天收到，里三层外三层裹得严实。
第三次回购了，不多说。 # 已经买了三回，好不好你们懂的。
桌腿搬家的时候能卸下来吗？ # 要换房子，四条腿可以拆吗？
没有图片上看着那么大。 # 实物比照片小一圈。
好看是好看，漆一碰就掉。 # 颜值没话说，可惜表面轻轻一蹭就露底。
走远路带子勒肩膀。 # 背久了肩上一道红印。
送给什么都不缺的爸爸 # 老爸啥都有，父亲节礼物推荐
放个保龄球撑得住吗？ # 搁上七八公斤的球会不会塌？
客服当天就给解决了，一句废话没有。 # 售后很痛快，没到晚上问题就处理完了。
香味一个小时就散了。 # 留香太短，六十分钟后啥也闻不到。
脚是铁的没垫，把台面划了。 # 底下没有胶垫，灶台上给蹭出印子来了。
画面惊艳，声音发薄。 # 看着震撼，听着单薄。
插头是国标的吗？ # 买回来国内插座能直接用不？
婆婆问我要链接，她可是什么都看不上的人。 # 连我家那位最挑剔的老太太都想要一个。
海边晒一天里面的饮料还是冰的。 # 从早玩到晚，沙滩上喝的都凉着。
一半的钱都不值。 # 卖得比实际价值高出一倍还多。
有口袋的黑色通勤裙 # 上班穿的黑裙子，能装手机那种
开个灯还得先注册账号。 # 不登录软件就不让点亮，什么道理。
新买的味道大怎么去？ # 刚拆封一股味，有什么办法散？
偏小，买大一号。 # 尺码不准，比平时往上拿一码。
五分钟装好，不用工具。 # 徒手一会儿就拼起来了。
把手烫，垫块布。 # 拿的时候小心，握的地方热得抓不住。
今年买得最值的一样，腰好多了。 # 一年到头花的钱里数它划算，背不疼了。
只认自己配的那个手机，别的都连不上。 # 除了原装机，其他设备配对不了。
种子一颗都没发芽。 # 一整包撒下去，半点绿都没见着。
想法挺好，做得太糙。 # 创意可以，工艺拉胯。
"""

ZH_TRANSLATION = r"""
烧水快，但是左手倒的时候盖子会弹开。 # It boils quickly, but the lid flips open when you pour left-handed.
没电的时候插线还能听吗？ # Can I still listen over a cable when the battery is flat?
女款越野跑鞋 # women's trail running shoes
第三天就在水龙头那头爆了。 # It burst at the tap end on the third day.
宠物慢食碗 防滑硅胶底 中大型犬适用 # Slow Feeder Pet Bowl Non-Slip Silicone Base Medium and Large Dogs
布套整个能拆下来机洗。 # The whole cover comes off and goes in the washing machine.
电池跟老款通用不？ # Are the batteries interchangeable with the old model?
钢笔写上去不洇不透，书脊裂了。 # Fountain pen ink doesn't feather or bleed through, but the spine cracked.
用了两天下巴就冒小疙瘩。 # Two days in, little bumps came up on my chin.
军工防摔手机壳 隐形支架 四角气囊 军绿 # Military Grade Shockproof Phone Case Hidden Stand Corner Airbags Army Green
越洗越软，就是颜色偏粉。 # Softer with every wash, only the colour is on the pink side.
法嘴的胶芯应该哪头朝外？ # Which end of the rubber core faces out for Presta valves?
说明书只有几张小图，第一座塔全靠猜。 # The manual is a few tiny pictures, the first tower was pure guesswork.
九十块一袋有点离谱。 # Ninety a bag is a bit ridiculous.
LED护眼台灯 五档色温 触摸调光 白色 # LED Eye-Care Desk Lamp 5 Colour Temperatures Touch Dimming White
轻到我爬到半山腰才想起来包里还有它。 # So light I was halfway up the mountain before I remembered it was in my bag.
手感上头，驱动切个配置就闪退。 # The feel is addictive, but the driver crashes whenever you switch profiles.
旋钮卡死在八公斤和十公斤中间。 # The dial is stuck between 8 and 10 kg.
停车监控一晚上会不会把电瓶耗干？ # Will parking surveillance run the battery flat overnight?
超薄翻斗鞋柜 三层 挂墙式 橡木纹 # Ultra Slim Tilt-Out Shoe Cabinet 3 Tier Wall Mounted Oak Grain
天天戴着睡觉，完全没感觉。 # I sleep with them in every night and don't feel a thing.
踩上去像进了溜冰场。 # Stepping on it is like entering an ice rink.
猫砂和长头发都能吸，刷头还不缠。 # It sucks up cat litter and long hair and the brush doesn't tangle.
23寸尤克里里初学 # 23 inch ukulele for beginners
天天穿多久要打一次蜡？ # How often does it need waxing if worn every day?
头半个月一直跑音。 # It kept going out of tune for the first two weeks.
箱壳一道划痕都没有，轮子断了一个。 # Not a scratch on the shell, yet one wheel broke off.
免烧风干陶泥 5公斤 白色 # No-Bake Air Dry Clay 5 kg White
腰疼了十一年，换过三把椅子，就它了。 # Eleven years of back pain and three chairs later, this is the one.
静到我老以为过滤器没开。 # So quiet I keep thinking the filter is off.
配网失败了四回，把手机流量关了才成。 # Setup failed four times and only worked once I turned off mobile data.
心律不齐的人量出来还准吗？ # Is it still accurate for people with arrhythmia?
字是真大，不戴花镜也看得见。 # The digits are really big, I can see them without reading glasses.
来的客人都以为我请了布置公司。 # All the guests assumed I had hired decorators.
无线游戏手柄 霍尔摇杆 背键可编程 # Wireless Game Controller Hall Joysticks Programmable Back Buttons
防割手套都让它切开了。 # It even cut through the cut-resistant glove.
裤脚四层牛仔布踩得动吗？ # Can it sew a trouser hem of four layers of denim?
半夜瞄一眼就知道几点。 # One glance in the middle of the night and you know the time.
一天慢十一分钟。一个钟。 # Eleven minutes slow per day. For a clock.
环湖走了一百二十公里，一个水泡没有。 # Walked 120 kilometres round the lake without one blister.
"""

ZH_VARIANTS = r"""
光标侠{XY-805|XY-423}无线静音鼠标
苹果{12|13}磁吸透明手机壳
核位移动固态硬盘{500G|1T}高速版
lg{65uj75|55uj75}电视遥控器
谷盈纯燕麦片{500克|5公斤}袋装
女士亚麻衬衫白色{S码|XL码}
声澜H9头戴式蓝牙耳机{午夜蓝|玫瑰金}
{沸小雅|壶先生}电热水壶1.7升304不锈钢
激光打印机粉盒{TN-2410|TN-2420}黑色
三星{S21|S21 Ultra}钢化膜两片装
耐奔五号电池{8|24}节
路见{D2|D4}行车记录仪2K停车监控
竹棉床笠{1.2米|1.8米}浅灰
徒步背包45升{男款|女款}带防雨罩
嗒嗒TKL机械键盘{茶轴|红轴}
无源数位板{A5|A4}幅面
高清线2.1版编织{1米|5米}
炉岭珐琅铸铁炖锅{20|28}厘米松石绿
婴儿纸尿裤{M|XL}码80片
隐形眼镜护理液{100|360}毫升
晨坡中度烘焙{咖啡粉|咖啡豆}340克
汽车蓄电池{45|80}安时免维护
笔记本充电器{45W|90W}圆口
高尔夫手套{左手|右手}小羊皮中码
台式机内存条DDR4 {8G|32G} 3200
旋净滤网{WF-62|WF-58}
燃气灶{单眼|双眼}黑晶面板
帆布表带{20|22}毫米橄榄绿快拆
《盐账本》{精装|平装}作者签名
304XL墨盒{黑色|彩色}
吊扇灯{42|52}寸带遥控
罗马杆{1.2|3.8}米镍拉丝
墙面漆小样{静雾|深湖}75毫升
镜头转接环{EF|F}转Z自动对焦
匠山18V手电钻{裸机|双电池}
短脚蹼{36-37|44-45}码
猫头鹰挂历{2024|2025}年
双频路由器{AX1800|AX5400}
偏光太阳镜{茶色|灰色}玳瑁框
提摩西草{1公斤|3公斤}兔子龙猫
竹篱笆{90|180}厘米高
摆渡人第{二|四}季蓝光套装
淋浴门{左开|右开}80厘米透明
拼图{500|2000}片黄昏灯塔
大豆蜡烛{无香|薰衣草}大罐
尖泡LED灯泡E{14|27} 4瓦
平板电容笔{一代|二代}
蓝牙扫码枪{一维|二维}
儿童头盔{48-52|54-58}厘米鲨鱼
绝育成猫{主食罐|干粮}三文鱼味
活塞环加大{0.25|0.50}四套
空气滤芯{C27006|C27107}
防冲胸背{XS|L}反光湖蓝
自行车内胎{26|29}x2.1法嘴
热敏标签纸{57x32|100x150}毫米
插线板{3|10}米四位防雷
柏柏尔地毯{60x110|200x290}米白
美利奴毛线中粗色号{114|141}
"""

ZH_SAME_WORDS = r"""
声澜{H9头戴式降噪耳机出差用|运动挂耳式耳机防汗荧光色}
木芽儿童木制玩具{弹珠轨道钟楼款|形状配对小屋}
沸小雅厨房{手持打蛋器五档带和面钩|华夫饼机可拆烤盘}
女士防水{登山鞋中帮真皮|登山裤两截可拆}
眠里床品{七公斤重力被灰色|记忆棉薄床垫五厘米}
锂电园林工具18V{绿篱机加长杆|吹叶机无级调速}
露弥{多肽晚间眼霜|控油洁面泡沫}女士专用
手机支架{汽车中控吸盘款|电动车把手硅胶款}
水野间{儿童学饮杯带手柄180毫升|龙头冷水壶3.8升}保温
请问有没有{破壁机备用杯盖|蒸汽拖把备用水箱}卖？
儿童{上下床带滑梯帘子|学习桌带书架台灯}白色松木
墨折{钢笔细尖送吸墨器|水彩本冷压300克}
汪小慢{猫包双肩小型猫|加宽门栏免打孔}
石径{三季睡袋左拉链|折叠椅带杯架}
生日礼物纯银{字母吊坠项链|小鱼串珠手链}礼盒装
澄光{大理石底座落地灯|庭院串灯十米}暖白
男士羊毛{半拉链毛衣藏青|平角内裤藏青三条}
匠山{磁性水平尺120厘米|玻纤柄羊角锤500克}
咖啡机{除垢片十二粒|奶管三根装}
正坐办公桌{脚踏按摩滚轮款|坐垫尾椎镂空款}
卷卷卷发{真丝睡帽可调|宽齿顺发梳}
不锈钢厨房{意面锅带滤盖|打蛋盆带刨丝盖}套装
暖栅浴室{电热毛巾架90厘米|壁挂暖风机陶瓷}
庭院{双人长椅相思木|双人长椅坐垫米色}
挂锁{双手柄充电座|头戴式游戏耳麦}USB黑色
"""

ZH_NEGATION = r"""
我的旧平板{能用|不能用}这个充电头。
洗了几次{掉色|不掉色}。
电磁炉{可以|不可以}用。
{还会|不会再}来这家买了。
盖子{能|不能}进洗碗机。
沙发底下{放得进|放不进}去。
{含|不含}麸质、牛奶和鸡蛋
遥控器{有|没有}送。
{带|不带}电池，现货秒发
狗子{爱吃|不爱吃}鸡肉味的。
{给退|不给退}运费。
户外屏幕{看得清|看不清}。
跑步肩带{会|不会}往下滑。
洗衣片{有香|无香}60片
炒菜的时候把手{烫|不烫}。
孩子自己{装得上|装不上}。
客服{回了|没回}我消息。
hdmi转接头{带|不带}音频
软件拆封后{支持|不支持}退货
天冷的时候水泵{打得着|打不着}。
花架四层{已组装|需自装}
罐子到手{是好的|碎了}。
打开的时候{有味|没味}。
这东西{好洗|难洗}。
{做过|没做过}动物实验。
线{够|不够}长，到天花板
{有|没有}耳机孔
晚上{有|没有}声音。
手湿的时候按键{灵|不灵}。
三岁以下{可用|禁用}
支架{撑得住|撑不住}大吉他。
洗一遍漆{掉了|没掉}。
底下密封圈{漏油|不漏油了}。
打包的时候拉链{都拉上了|都拉不上}。
软件{要|不要}注册。
浴室{能|不能}用这个取暖器。
选了大号的，我{后悔|不后悔}。
门铃{无线|有线}带叮咚
潮瓷砖上胶{粘住了|没粘住}。
刀片{可换|不可换}
床垫{够|不够}硬。
帽子压箱子里{没变形|变形了}。
助听器电池312型{可充电|不可充电}
拖车{过了|没过}年检。
送来的时候饭{是热的|是凉的}。
外套{可拆|不可拆}洗
石膏板墙{能|不能}挂。
灯泡{可调光|不可调光}暖白E27
说好的日子{到了|没到}。
这游戏{支持|不支持}四人同屏。
"""

ZH_OTHER_NUMBER = r"""
{4|6}岁男孩生日礼物
结婚{1|10}周年手链
{三|九}个月的小狗吃什么粮？
{4|8}人位可伸缩餐桌
身高{90|120}的孩子能坐吗？
上下铺梯子{3|5}步
跑步计划书{5|42}公里
{一|七}年级女生书包
{50|80}岁寿宴横幅金色
加热棒{20|200}升鱼缸
提升机{80|160}公斤带得动吗
{三|五}阶魔方
婴儿床单{60x120|70x140}
太阳能板{12|24}伏房车
理发器限位梳{2|8}号
窗帘{80|140}宽
老花镜{100|350}度
{10|60}人冷餐菜单
男袜{35-38|43-46}码
蹦床{6|12}尺带网
毛衣针{3|9}毫米
这个拖车杆能拖{750|2000}公斤吗？
积木小人收纳盒{100|500}只
白酒{12|25}年陈小样
砂纸{80|1000}目
{两|四}人座沙发便宜
户外用能撑{1|10}年吗
"""

ZH_DATE_PRICE = r"""
{3月3号|8月19号}下的单还在处理中，什么情况？
优惠券{5月31日|11月30日}到期，满{100|300}减{10|50}
今天特价{49.9|189}，原价{89|259}
包裹预计{周二|周五}{10|16}点到{12|18}点送达
预售，{6月12日|10月1日}发货
{14.2|230}元退款已于{4月2日|9月17日}原路返回
秒杀{早8点|晚9点}开抢，限{50|200}件
{9块9|29块9}是一个的价还是一对的价？
发票{4471|9038}，{1月15日|7月28日}前付款
保质期至{2025年4月|2026年11月}，批号{L118|L402}
为什么收我{3块5|12块}运费？
退货截止{5月5日|12月22日}
会员自动续费{月卡|年卡}{15|148}元
{2000|8000}元以下笔记本电脑
预约的{4月14号|6月29号}安装，能改到{16号|30号}吗？
{2019|2023}年限定茶叶日历
您的{120|2480}积分将于{2月1日|9月1日}清零
{周日|周四}门店{17|22}点半关门
今日秒杀{7.95|19.95}，平时{12.9|34.9}
第{12|38}周补货到店
定金{50|200}，尾款{三月|十月}付
订单{20418|77305}{周一|周六}拍的到现在没发
{50|500}元以内的小礼物
别家卖{31|58}，{6月6日|11月11日}的截图，能补差价吗
质保从{2022年5月2日|2024年7月9日}算起，序列号{A77|K03}
"""

ZH_PAIR_ATTRIBUTE = r"""
核位移动固态硬盘{500G|1T} # 核位 外置SSD {500G|1T} Type-C
眠里四件套{1.5米|1.8米}床沙色 # 眠里60支长绒棉 床单被套 {1.5米|1.8米}
光标侠鼠标{XY-805|XY-423} # 光标侠静音无线鼠标{XY-805|XY-423}黑
水野间1升保温杯{浅丁香|橄榄绿} # 水野间吸管杯 1L {浅丁香|橄榄绿}
晨坡咖啡粉{340克|1公斤} # 晨坡 中烘 手冲粉 {340g|1kg}
岭跃越野跑鞋{37|41}码 # 岭跃女款山地跑鞋 珊瑚橙 {37|41}
路见{D2|D4}记录仪 # 路见行车记录仪型号{D2|D4}停车监控
旋净{V6|V8}吸尘器 # 旋净无线手持{V6|V8}
小瓦智能插座{单只|四只装} # 小瓦电量统计插座{一只|四只}
海螺湾{23|26}寸尤克里里 # 海螺湾 ukulele {23|26}寸 沙比利
禾栖鞋柜{两|三}层 # 禾栖超薄翻斗{两|三}斗鞋柜
露弥精华{30|50}ml # 露弥维C {30|50}毫升
木衡野战表{38|42}毫米 # 木衡光动能手表{38|42}mm帆布
网蔓M3{两|三}只装 # 网蔓子母路由 {2|3}只
甲盾苹果{12|13}手机壳 # 甲盾防摔壳 iPhone {12|13} 军绿
炉岭铸铁锅{20|24}厘米 # 炉岭珐琅炖锅{20|24}cm松石绿
嗒嗒TKL{红|茶}轴 # 嗒嗒87键键盘{红轴|茶轴}
汪小慢慢食碗{小|大}号 # 汪小慢狗碗 湖蓝 {小号|大号}
铁径哑铃{24|40}公斤 # 铁径可调节哑铃 最大{24|40}kg
线线缝纫机{12|30}种线迹 # 线线家用缝纫机 {12|30}线迹 脚踏
稳立{碳纤维|铝合金}三脚架 # 稳立旅行脚架 {碳纤维|铝合金} 收纳38厘米
远渡{20|28}寸行李箱玫瑰粉 # 远渡拉杆箱{20|28}寸
竹屿{竹|柚木}浴室地垫 # 竹屿踏板 镂空 {竹制|柚木}
北垄油蜡夹克{M|XXL} # 北垄男士夹克 深橄榄 {M|XXL}
脉安{手腕|上臂}式血压计 # 脉安电子血压计 {手腕式|上臂式}
"""

ZH_UNITS = r"""
面粉{1公斤|1磅}
重力被{7公斤|7磅}灰色
项链{18寸|18厘米}
乳胶漆{5升|5加仑}象牙白
鱼线{10磅|10公斤}透明
{50寸|50厘米}电视柜
面霜{50毫升|50克}瓶装
水管{25米|25尺}
蛋白粉{2磅|2公斤}香草味
缎带{20码|20毫米}
水泥钻头{8毫米|8寸}
水箱能装{20升|20加仑}吗？
硬盘{2TB|2GB}
冰柜调到零下18{摄氏度|华氏度}
高是{6尺|6寸}吗？
充电宝{10000毫安时|10000毫瓦时}
蜂蜜{1斤|1公斤}土蜂
桨{220厘米|220寸}
胎压{2.5巴|2.5公斤力}表
麻绳按{米|卷}卖12股
灯带{5米|5尺}暖白
维生素D{1000国际单位|1000微克}
哑铃一对{15公斤|15磅}
{3天|3周}能到吗？
铅酸电池{12伏|12安时}
"""

ZH_TEMPLATE_PRODUCTS = r"""
这款{多士炉|破壁机}是厨房的好帮手，有{奶油白|石墨黑}可选，质保两年，买它就对了。
想送{爱种花|爱骑车}的朋友？这款{球根播种器|黄铜车铃}结实耐用，环保纸盒发货。
给{玄关|浴室}添一件{挂衣架|毛巾梯}吧，好装，更好看。
名称：{蜜桃唇釉|檀香胡须油}\n品牌：欧薇儿\n用途：{唇部|胡须}\n产地：{法国|葡萄牙}
亲，感谢您咨询{红隼望远镜|苍鹭集雨桶}，这款目前缺货，预计{五月|八月}到货哦。
品名：{吊床|遮阳伞}\n颜色：{条纹|陶土色}\n材质：{棉|涤纶}\n重量：{1.4|6.2}公斤
实木{兔笼|鸡舍}，{沥青瓦顶|带轮子}，自行组装，{两|四}扇门
您好，我那辆{面包车|旅行车}的{左转向灯|后雨刮电机}有货吗？谢谢
这本{奇幻小说|家常菜谱}共{412|208}页，由{灯塔|栎木}出版社出版。
我们的{巴旦木|开心果}酱含{95|60}%果仁，不加棕榈油，只放一点{盐|豆蔻}。
问：盒子里有什么？答：一台{显微镜|天文望远镜}，{两个目镜|一个寻星镜}，一本说明书。
可调节{护膝|护腕}，{跑步|打字}专用，透气，左右通用
很抱歉您的{灯罩|相框}到货有破损，麻烦拍一张{边沿|玻璃}的照片给我们。
尝一口{西西里|喀拉拉}的味道：{血橙果酱|黑胡椒腰果}，手工装罐。
儿童{芭蕾|踢踏}舞鞋，{粉色真皮|黑色漆皮}，带松紧，24到35码
用{孕知|眠知}戒指记录您的{排卵|睡眠}：轻，防水，免年费。
适用机型：{磨霸200|霜线90}，配件：{刀盘|门封条}，{1|2}只装
警告：{小零件易误吞|表面高温}，本{串珠套装|烤肉盘}不适合{3|14}岁以下儿童使用。
{海草编餐垫|描金托盘}{六|八}件套，给餐桌添一点{乡野|复古}味道。
零基础学{西班牙语|韩语}，{练习册|单词卡}，{A1|A2}级，扫码听音频
{水獭|刺猬}公仔高{30|22}厘米，填充{再生棉|薰衣草}，眼睛是绣的。
适配{2008至2013|2016至2021}款：{前刹车片|空调滤芯}，原厂品质
{天然酵种|康普茶}入门套装，含罐子、纱布和{黑麦粉|菌膜}，{七|十}天做好。
出租{充气城堡|拍照亭}，{一天|一晚}起租，{20|50}公里内包安装。
{男士|女士}{休闲裤|阔腿裤}，{弹力棉|粘胶斜纹}，{卡其|铁锈红}，常规版型
"""

ZH_BOILERPLATE = r"""
你是一家网店的智能助手。请阅读下面的商品标题，判断它属于店铺类目中的哪一类，只回答类目名称，不要输出其他内容。\n标题：{}
亲爱的顾客，您好！感谢您联系客服中心，我们已收到您的留言，会在两个工作日内给您答复。您的留言内容：\n“{}”\n祝您生活愉快！
本店所有商品均为自有仓库24小时内发货，支持30天无理由退换，收藏店铺下单立减五元，以下为本商品信息。\n商品：{}
以下文字是一位买家对所购商品写的评价，请判断这位买家是否满意。只根据文字本身判断，不要考虑你对该商品的其他了解。\n文字：{}
温馨提示：因显示器不同可能存在色差，尺寸为手工测量，误差1到3厘米属正常范围，介意慎拍。如有任何问题请先联系客服，不要着急给差评哦。\n{}
下面是一位买家在商品页面提出的问题，请你写一段简短、礼貌、真实的回答，如果不清楚就直说不清楚。\n问题：{}
请从下列商品文案中抽取全部属性及其取值，每行一个，按出现的先后顺序输出，不要自行编造。\n文案：{}
该商家已通过实名认证，本单享受平台交易保障，如发现商品描述与实物不符，请点击页面下方进行举报。\n描述：{}
"""

ZH_STOCK = r"""
物流很快，包装也很好，客服态度不错。
会推荐给身边的朋友购买。
跟描述的一样，没有色差。
总体来说性价比还可以。
第一次在这家店买东西。
用了一段时间再来评价的。
送朋友的，朋友说很喜欢。
好评是要给的，希望店家越做越好。
"""

ZH_GENERIC = r"""
好评 # 好评！
不错 # 不错
很好 # 很好。
还行 # 还行
一般 # 一般
质量很好 # 质量很好！
非常满意 # 非常满意
物流很快 # 物流很快。
五星好评 # 五星好评！！
挺好的 # 挺好的
好吃 # 好吃！
太差了 # 太差了。
喜欢 # 喜欢
值得购买 # 值得购买
谢谢 # 谢谢！
性价比高 # 性价比高
差评 # 差评！
可以 # 可以
还不错 # 还不错哦
下次再来 # 下次再来
实惠 # 实惠
收到了 # 收到了
正品 # 正品！
味道不错 # 味道不错。
给力 # 给力
"""

ZH_SHORT_INSIDE = r"""
质量很好！ # 里子的走线跟面上一样齐，拉链顺得很。质量很好！就是内衬除了米色没别的可选，有点遗憾。 # positive
跟描述一样。 # 车库里给打气泵用的，周末连着开了两天。跟描述一样。线要是再长一米就更好了，算我鸡蛋里挑骨头。 # positive
很失望。 # 连着换了三个灯泡，冰箱一启动就闪。很失望。店家说是我家线路问题，电工说是灯的问题，踢皮球呢。 # negative
非常喜欢。 # 本来是给闺女的仓鼠买的，最后摆我办公桌上装回形针了。非常喜欢。闺女已经原谅我，仓鼠不好说。 # positive
物流很快。 # 周日下的单，周四爬山要用，真赶上了。物流很快。不过那个防雨罩就是个摆设，包子都护不住。 # neutral
会回购的。 # 用了两个冬天，盐也撒冰也铲，刃口还是直的。会回购的。个子高的用着把有点短。 # positive
不值这个价。 # 花的都是牌子钱，塑料合页第二个礼拜就吱吱响，我爸妈厨房那个杂牌都用九年了。不值这个价。 # negative
很好清洗。 # 这口锅一天之内煮了汤圆、熬了酱、还炖了我儿子说的沼泽。很好清洗。盖子上的钮烫手。 # positive
很舒服。 # 在病房一站就是十二个钟头，以前下班都瘸着走。很舒服。就是湿地板上会吱吱叫，病人老远就知道我来了。 # positive
看着廉价。 # 图上像黄铜，挂我家玄关像小学生演出的道具。看着廉价。后来自己喷了黑漆，凑合能看。 # negative
性价比高。 # 六条茶巾一杯咖啡的钱，擦杯子不掉毛，开水煮过也没事。性价比高。有一条抽丝了。 # positive
五星好评。 # 我爷爷九十一，带屏幕的一概不碰，这个俩旋钮的收音机他自己拧开了。五星好评。 # positive
够用了。 # 凳子不好看，漆味散了一天才没，但我踩着它刷完了三间屋的顶。够用了。 # positive
强烈推荐！ # 苗是拿湿苔藓裹着来的，每一棵都手写了标签，还多送两棵薰衣草。强烈推荐！我家的六月就开花了。 # positive
太小了。 # 说是能套一米八的床垫，把床垫对折倒是能套。太小了。给外甥的上下铺用了。 # negative
颜色好看。 # 对着墙比划了一个钟头才下决心。颜色好看。网页上更偏绿，到了晚上灯底下又发灰。 # positive
用了一周就坏了。 # 就拿它撬过两次油漆桶，包装上画的就是这么用。用了一周就坏了。头断得齐齐整整，现在还在桶里。 # negative
尺寸刚好。 # 老房车，窗户怪，什么都不配套。我拿铅笔画了图发过去，他们照着做了这几片帘子。尺寸刚好。 # positive
孩子很喜欢。 # 就是个纸壳火箭，没别的，家里那个老贵的平板已经九天没人碰了。孩子很喜欢。 # positive
客服态度好。 # 头一台磨豆机响得像拖拉机，当天下午就上门取走又补发了一台。客服态度好。磨出来的粉也还行。 # positive
没有异味。 # 我对新海绵过敏，提前把窗户全开了。没有异味。坐了一个月，系鞋带老坐的那个边有点塌。 # positive
很轻便。 # 一只胳膊抱娃一只手拎它上了四楼。很轻便。轮子小，石板路推不动。 # positive
有点贵。 # 一把梳子，就一把梳子。可是我头发真不断了，全办公室都让我安利遍了。有点贵。 # positive
谢谢店家。 # 备注里写了是白事用的，不知道谁给系了条深色的带子，一分钱没多收。谢谢店家。 # positive
别买。 # 玻璃上能粘一天，瓷砖上一个钟头，墙上直接粘不住，掉下来还把镜子带走了。别买。 # negative
"""

ZH_COMMON_QUESTIONS = r"""
防水吗？ # 防水的 # 只防泼溅 # 数码影音,鞋靴,男装,户外,汽车用品,手表,手机配件,灯具
有保修吗，保多久？ # 两年质保 # 保一年 # 厨房电器,五金工具,电脑外设,清洁电器,健康,缝纫,取暖,网络设备,数码影音
具体尺寸是多少？ # 42x17x97厘米 # 30x30x12厘米 # 家具,水族,收纳,箱包,灯具,卫浴,取暖
不合适能退吗？ # 七天无理由，吊牌别剪 # 能退，有运费险 # 鞋靴,男装,珠宝饰品,手机配件,家纺,手表
是国产的吗？ # 是国产的 # 越南代工 # 鞋靴,家纺,厨房电器,文具,玩具,家具
需要自己安装吗？ # 要装，二十分钟左右 # 不用，到手就能用 # 家具,办公家具,玩具,运动,健身,户外
是什么材质的？ # 大部分是再生料 # 标题上写的就是全部 # 玩具,收纳,宠物用品,卫浴,文具,箱包
电池能自己换吗？ # 可以，拧两颗螺丝 # 换不了，封死的 # 数码影音,清洁电器,五金工具,健康,游戏,手表,汽车用品
有多重？ # 1.4公斤 # 620克 # 摄影,文具,五金工具,乐器,厨房电器,电脑外设
小孩能用吗？ # 三岁以上可以 # 不建议十四岁以下 # 玩具,手工,运动,图书,乐器,缝纫
新疆发货吗？ # 发的，要补运费 # 暂时发不了 # 食品,美妆护肤,图书,派对,洗护,茶叶
配件能单独买吗？ # 可以找客服拍 # 只有老款的有 # 清洁电器,水族,缝纫,骑行,办公家具,智能家居
能放户外用吗？ # 有遮挡就行 # 只能室内 # 取暖,智能家居,灯具,家具,网络设备,运动
有小一号的吗？ # 有小一号 # 这就是最小的 # 宠物用品,水具,家纺,厨具,洗护,卫浴
"""

ZH_SHORT_ANSWERS = r"""
是 # 这台灯能调亮度吗？ # 三脚架能架观鸟镜吗？
不是 # 阅读器盒子里送充电头吗？ # 杯子是钢化的吗？
正面 # 顺滑得像黄油，还半价，挑不出毛病 # 下了一整场雷阵雨，背带里的双胞胎一点没湿。
负面 # 到手一个李子大的坑，螺丝一颗没有。 # 头一回进洗碗机胶就化了。
两年 # 压力锅保修多久？ # 这罐清漆开了封能放多久？
黑色 # 录音棚那款的耳垫是什么颜色？ # 钱包里面是什么颜色？
电子产品 # 核位七口分线器带独立开关 # 指针式电池测电器 圆的方的都能测
不相关 # 搜索词：哺乳枕\n标题：滚筒式刨丝器 # 搜索词：冰球杆胶带\n标题：裁缝画粉12片
30厘米左右 # 提手竖起来灯笼有多高？ # 最下面那个抽屉有多宽？
可以的亲 # 温室送地钉吗，能压住吗？ # 地球仪里面的灯能单独关吗？
不支持哦 # 吊坠背面能刻字吗？ # 这款单人沙发能做真皮的吗？
纯棉 # 标题：交叉肩带围裙 纯棉 靛蓝 # 标题：本白纯棉束口袋 双提手
4分 # 梯子结实，胶脚要是再好点就满分。 # 地图不错，字小了点，我爸拿放大镜看。
Type-C接口 # 自行车灯用什么口充电？ # 美甲灯那根线是什么头？
中性 # 就是个水桶，能装水。 # 这茶有时候管用，有时候不管用。
匹配 # 商品一：澄光台灯白\n商品二：澄光 桌面灯 白色 # 商品一：远渡20寸箱\n商品二：远渡登机箱 20寸
不匹配 # 商品一：竹屿竹地垫\n商品二：竹屿竹置物架 # 商品一：木衡手表\n商品二：木衡表带
家居园艺 # 插地式雨量计 玻璃管 # 狐狸造型门缝挡风条
M码 # 胸围98穿抓绒衣哪个码？ # 头围56头盔罩买哪个？
不清楚 # 有人拿它榨过冻莓子吗？ # 这个坡道老年代步车能上吗？
投诉 # 我另外一半货呢？！ # 说好周一回电话，我守了一天。
250毫升 # 最小那个量杯装多少？ # 旅行装护发素是多少？
可以机洗 # 标题：可折叠狗窝垫 可以机洗 # 标题：婴儿睡袋春秋款 可以机洗
三天 # 书柜几天到的？ # 项圈充一次用多久？
尺码 # 平时都穿42，这双里头能游泳。 # 这腰围能绕我两圈。
"""

ZH_BUNDLES = r"""
相机 # 相机包
打印机 # 墨盒
帐篷 # 防潮垫
剃须刀 # 刀片
吉他 # 吉他弦
婴儿监护器 # 五号电池
鱼缸 # 鱼粮
油漆 # 美纹纸
自行车 # 车锁
咖啡机 # 除垢片
笔记本电脑 # 内胆包
床架 # 床垫
烧烤架 # 木炭
足球鞋 # 护腿板
毛线 # 棒针
净水壶 # 滤芯
炒锅 # 菜籽油
电钻 # 钻头
西装 # 领带
手机 # 钢化膜
泳衣 # 泳镜
本子 # 钢笔
红酒杯 # 开瓶器
圣诞树 # 小彩灯
花盆 # 营养土
"""


# Typing errors of a pinyin keyboard, none of which says something else.
ZH_TYPOS = r"""
质量 质良|客服 客付|物流 物留|包装 包庄|喜欢 喜换|感觉 感绝|效果 效过|颜色 颜涩|尺寸 尺村|推荐 推见|满意 满易
清楚 青楚|舒服 舒伏|结实 接实|便宜 便易|味道 未道|已经 以经|但是 但事|因为 因位|所以 所已|朋友 朋有|孩子 孩字
可以 可已|觉得 觉的|声音 生音|屏幕 平幕|电池 电迟|充电 冲电|安装 按装|按键 安键|密封 蜜封|材质 才质|快递 快弟
退货 退祸|柔软 揉软|温度 温渡|时间 时问|问题 间题|说明书 说名书|使用 是用|支持 支待|保温 宝温|适合 适和
里面 理面|有点 有典|真的 真得|特别 特另|完全 完金|开始 开使|容量 容亮|重量 重亮|需要 须要|应该 因该|还是 还事
现在 现再|早上 早尚|晚上 晚尚|手机 手几|指望 指忘|离谱 离普|打滑 打华|建议 建义|迷宫 谜宫|容易 容意|刷子 刷字
水龙头 水笼头|西红柿 西红市|机洗 机冼|折腾 拆腾|吵起来 炒起来|围栏 维栏|离合 离和|毛病 毛并|钢笔 刚笔|书脊 书籍
下巴 下吧|疙瘩 疙搭|梯子 梯字|水泥地 水尼地|越洗越软 越冼越软|偏粉 偏份|旧的 就的|扎实 札实|打架 打驾|日常 日长
坚果 尖果|底座 底坐|想起来 想起莱|上头 上投|闪退 闪腿|旋钮 旋扭|卡死 咔死|下文 下闻|螺丝 罗丝|斜着 邪着|扣子 口子
车牌 车排|定位 订位|量身 亮身|蜡烛 腊烛|温泉 温全|溜冰场 留冰场|脚垫 脚店|吸力 吸利|猫砂 猫沙|尘盒 尘合|长焦 长交
长曝光 长爆光|外甥女 外生女|早饭 早范|首都 守都|琴行 琴航|跑音 跑因|机场 机厂|轮子 伦子|划痕 划恨|腰疼 腰痛疼|扶手 抚手
过滤器 过虑器|灯偏蓝 灯偏兰|脆壳 脆克|满格 满隔|流量 留量|吸管 吸馆|笔记本 笔计本|社区医院 社区一院|花镜 化镜|抱枕套 抱枕讨
翻译 番译|客人 客仁|手指头 手只头|纸箱 纸相|稻草 到草|下单 下但|抽屉 抽替|镊子 摄子|晾衣绳 亮衣绳|掉线 吊线|重置 重制
电费单 电废单|赛车 塞车|摇杆 摇干|手套 手讨|及时 即时|起毛 起茅|汤头 糖头|等位 等为|骑手 奇手|邻居 林居|椅子 倚子|充电座 充电坐
水泡 水炮|大太阳 大太羊|翻页 番页|角码 脚码|结块 接块|香草 香早|掉毛 吊毛|薯条 署条|三文鱼 三闻鱼|涂层 图层|月季 月记
卫生间 卫生问|规则 规责|雪水 雪谁|支架 支驾|弹簧 弹黄|鞋垫 鞋店|矫正 较正|逆变器 逆变其|水压 水牙|后排 后徘|卡槽 卡糟|页码 页马
防晒 防洒|叠着 迭着|零件 另件|链接 连接|研磨 研魔|内帐 内账|外帐 外账|驱动 区动|石膏板 石羔板|电瓶 电平|自动 自动动|肩膀 肩榜
滤网 虑网|琴弦 琴玄|材料 才料|密码 蜜码|气杆 汽杆|提钮 提扭|烤箱 烤相|账号 帐号|螺纹 罗纹|医生 医声|牛仔布 牛子布|染发 染法
烘干机 哄干机|档位 挡位|内置 内制|发霉 发梅|抽屉里 抽屉理|橙子味 橙子昧|墙纸 墙只|沙滩 沙摊|音量 音亮|阳台 阳抬|墨水 墨谁
"""

ZH_QUERY_ORDER = r"""
头戴式降噪耳机 # 降噪耳机头戴式
女款越野跑鞋 # 越野跑鞋女款
不锈钢电热水壶 # 电热水壶不锈钢
可调节哑铃24公斤 # 24公斤可调节哑铃
无线手持吸尘器 # 手持吸尘器无线
纯棉四件套1.8米床 # 1.8米床纯棉四件套
23寸尤克里里初学 # 初学尤克里里23寸
2000瓦电油汀 # 电油汀2000瓦
"""

ZH_QUESTION_TAILS = r"""
谢谢
谢谢啦！
麻烦了
求解答
在线等
感谢～
急！
"""

ZH_REVIEW_TAILS = r"""
仅供参考。
希望对大家有帮助。
以上。
纯个人感受。
谢谢
"""

ZH_FRAMES = r"""
review # 我姐之前买过，她的原话是：“{text}”我完全同意。顺便说说一起拍的另外一样：{other}
review # 1、{other}\n2、{text}\n3、{third}
review # 半年后来追评。当时我写的是：{text}现在看法没变，就是盒子早扔了，小票也找不着了。
title # 您正在浏览的是：{text}。下午两点前拍下当天从自家仓库发出，盒内附赠备用配件一份，有问题请咨询在线客服，晚上十点前都有人。
title # 清仓最后几件：{text}，全新未拆，可自提，不退不换
title # 购物车：{text}（1件）、{other_title}（1件），周一一起发货。
question # 买家：在吗，我想买{about}。\n客服：在的亲，请问有什么可以帮您？\n买家：{text}\n客服：我帮您核实一下，请稍等哦。
question # 你好，{about}从昨天放购物车到现在没下决心。{text}另外再问一句，周六送货吗？
description # 本周主推。{text}拍两件包邮，收到货别忘了给我们留个言。
description # 摘自我们的秋季手册第三页。{text}下一页还有更多好物，外加一个木瓜酱的方子和摄影比赛的获奖名单。
"""

# Simplified to traditional: words first, where one character has several forms, then single characters.
ZH_TRADITIONAL_WORDS = """
手冲 手沖|冲煮 沖煮|味冲 味衝|卷发 捲髮|卷卷 卷卷|头发 頭髮|洗发 洗髮|染发 染髮|来卷 來捲|小卷 小捲|发热 發熱|一只 一隻|两只 兩隻|三只 三隻|四只 四隻
六只 六隻|单只 單隻|几只 幾隻|14只 14隻|这只 這隻|那只 那隻|三四只 三四隻|白松 白松|蓬松 蓬鬆|松紧 鬆緊|手表 手錶|野战表 野戰錶|气压表 氣壓錶|表带 錶帶|数字表 數字錶
木制 木製|钢制 鋼製|定制 訂製|游戏 遊戲|周二 週二|一周 一週|布置 佈置|折叠 摺疊|翻斗 翻斗|公里 公里|尤克里里 尤克里里|琅 瑯|划痕 劃痕|银行 銀行|松石 松石
松针 松針|没发 沒發|舍不得 捨不得|手筑 手築|折腾 折騰|重复 重複|里里 里里|台面 檯面|台灯 檯燈|扎实 紮實|干得 乾得|霉 黴|心里 心裡|斗鱼 鬥魚|秒表 秒錶|面团 麵團|压面 壓麵|一卷 一捲|老板 老闆|制热 製熱
"""
ZH_TRADITIONAL = """
万萬专專业業东東丝絲丢丟两兩个個为為举舉么麼乐樂习習书書买買乱亂亏虧云雲亚亞产產从從仪儀们們价價伞傘会會传傳侧側俩倆倾傾储儲儿兒关關兴興养養册冊写寫军軍
冲衝决決况況净淨凉涼凑湊几幾凭憑划劃则則刚剛创創别別办辦务務动動劲勁医醫区區华華单單卖賣占佔卫衛压壓厂廠厕廁厢廂厨廚双雙发發变變叠疊叶葉号號后後吗嗎听聽启啟
响響哑啞员員喷噴团團园園围圍国國图圖圆圓场場坏壞块塊坚堅垄壟声聲壳殼壶壺处處备備够夠头頭夹夾妆妝妇婦妈媽婴嬰学學宝寶实實宠寵宫宮宽寬对對导導尔爾尘塵层層屉屜屿嶼
岁歲岭嶺师師帐帳帘簾带帶帮幫干乾并並应應废廢张張弥彌弯彎弹彈强強当當录錄径徑忆憶态態总總惯慣戏戲战戰户戶扫掃报報护護拥擁挂掛挡擋换換损損摄攝摇搖摊攤撑撐数數断斷
无無旧舊时時显顯晒曬暂暫术術机機杂雜条條来來杆桿枪槍柜櫃标標栅柵栏欄栖棲样樣档檔桥橋检檢榄欖欢歡欧歐气氣汉漢汤湯没沒洁潔洒灑浅淺浇澆浓濃涂塗润潤渗滲温溫湾灣湿濕满滿
滤濾滚滾滩灘澜瀾灯燈灵靈炉爐炖燉点點烛燭烟煙烧燒烫燙热熱爱愛独獨猫貓环環现現玛瑪珐琺电電疮瘡盐鹽监監盖蓋盘盤矫矯码碼砖磚确確礼禮离離种種积積称稱稳穩竖豎笔筆筑築筛篩
签簽篮籃粮糧紧緊红紅纤纖约約级級纫紉纬緯纯純纳納纸紙纹紋纺紡纽紐线線组組细細织織经經绑綁绒絨结結绘繪给給络絡绝絕统統续續绳繩维維绿綠编編缝縫缠纏缩縮网網耸聳肤膚
胀脹胆膽胶膠脉脈脑腦脚腳脱脫脸臉腾騰艺藝节節苹蘋萨薩蒋蔣蓝藍虾蝦蛳螄蜡蠟补補衬襯装裝裤褲见見规規视視觉覺触觸计計订訂认認让讓议議记記设設评評证證诉訴词詞译譯试試话話该該
语語说說请請读讀课課调調谁誰谱譜负負败敗账帳货貨质質购購贴貼贵貴费費赛賽赠贈跃躍车車轨軌转轉轮輪软軟轴軸轻輕较較辆輛辈輩边邊过過运運还還这這进進远遠连連适適选選递遞
遥遙邮郵邻鄰里裡针針钓釣钟鐘钢鋼钥鑰钮鈕钱錢钻鑽铁鐵铃鈴铜銅铝鋁铸鑄铺鋪链鏈销銷锁鎖锂鋰锅鍋锆鋯锈鏽错錯锚錨键鍵镀鍍镂鏤镊鑷镜鏡长長门門闪閃闭閉问問间間闺閨闻聞阅閱阳陽
阵陣际際陈陳陷陷险險隐隱难難静靜页頁顶頂项項预預领領频頻颗顆题題颜顏风風飞飛饪飪饭飯饰飾饼餅馆館马馬驱驅骑騎鱼魚麦麥黄黃齐齊龙龍准準着著悬懸惊驚湿濕损損虑慮
内內榉櫸墙牆垫墊体體迹跡携攜拧擰袜襪柠檸皱皺于於齿齒顺順哒噠杨楊鸡雞鸟鳥颈頸颠顛筝箏罗羅开開
"""


# --- reading the blocks above -----------------------------------------------------------------------------------------


def rows_of(block: str) -> list[list[str]]:
    """The fields of each line; a written `\\n` becomes a line break."""
    return [[field.replace("\\n", "\n") for field in line.split(" # ")] for line in block.split("\n") if line]


def lines_of(block: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in block.split("\n") if line]


def keep(marked: str) -> str:
    """The text with its optional words."""
    return re.sub(r"\{([^{}|]*)\}", r"\1", marked)


def drop(marked: str) -> str:
    """The text without its optional words."""
    text = re.sub(r" +", " ", re.sub(r"\{[^{}|]*\}", "", marked))
    text = re.sub(r" +([,.!?;:)])", r"\1", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff，。]) (?=[\u4e00-\u9fff，。])", "", text)
    return text.strip(" ,，")


def sides(marked: str) -> tuple[str, str]:
    """The two texts that a line with `{a|b}` stands for."""
    left, right = (re.sub(r"\{([^{}|]*)\|([^{}|]*)\}", rf"\{n}", marked) for n in (1, 2))
    return left, right


def first_difference(marked: str) -> tuple[str, str]:
    found = re.search(r"\{([^{}|]*)\|([^{}|]*)\}", marked)
    assert found is not None, marked
    return found[1], found[2]


@dataclass(frozen=True)
class Item:
    """One hand-written text: `about` is its product, `more` what its kind adds (answer, category, aspects)."""

    kind: str
    marked: str
    about: str = ""
    more: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return keep(self.marked)


class Language:
    """The texts and the labels of one language."""

    def __init__(self, code: str, prefix: str) -> None:
        def block(name: str) -> str:
            return str(globals()[f"{prefix}_{name}"])

        self.code = code
        self.block = block
        self.titles = [
            Item("title", " ".join(t.split(" ~ ")), q, (c, *t.split(" ~ "))) for c, q, t in rows_of(block("TITLES"))
        ]
        self.queries = [Item("query", t.about, t.text, (t.more[0],)) for t in self.titles]
        self.reviews = [
            Item("review", text, product, (rating, aspects))
            for product, rating, aspects, text in rows_of(block("REVIEWS"))
        ]
        self.questions = [Item("question", q, product, (answer,)) for product, q, answer in rows_of(block("QUESTIONS"))]
        self.descriptions = [Item("description", text, product) for product, text in rows_of(block("DESCRIPTIONS"))]
        self.all = [*self.titles, *self.reviews, *self.questions, *self.descriptions]
        self.categories = sorted({t.more[0] for t in self.titles})
        self.label = LABELS[code]
        self.ratings = [self.label[r] for r in ("positive", "neutral", "negative")]

    @property
    def english(self) -> bool:
        return self.code == "en"

    def part(self, label: str, text: str) -> str:
        name = self.label.get(label, label)
        return f"{name}: {text}" if self.english else f"{name}：{text}"

    def parts(self, *pairs: tuple[str, str]) -> str:
        return "\n".join(self.part(label, text) for label, text in pairs)

    def size(self, text: str) -> int:
        """Words in English, characters other than punctuation in Chinese."""
        return len(text.split()) if self.english else len(re.findall(r"\w", text))

    def sentences(self, text: str) -> list[str]:
        return re.split(r"(?<=[.!?])\s+", text) if self.english else re.findall(r"[^。！？]+[。！？]*", text)

    def join(self, sentences: Iterable[str]) -> str:
        """One text of them; a sentence in the middle that has no end mark gets one."""
        gap, stop = (" ", ".") if self.english else ("", "。")
        parts = [s.strip() for s in sentences]
        ended = [p if re.search(r"[.!?。！？]$", p) else p + stop for p in parts[:-1]]
        return gap.join([*ended, *parts[-1:]])

    def aspects(self, item: Item) -> list[tuple[str, str]]:
        pairs = re.split(r"[,，]\s*", item.more[1])
        return [(name, rating) for name, rating in (pair.split("=") for pair in pairs)]


LABELS = {
    "en": {
        "positive": "positive", "neutral": "neutral", "negative": "negative", "review": "Review", "title": "Title",
        "question": "Question", "product": "Product", "query": "Query", "description": "Description", "aspect": "Aspect",
        "answer": "Answer", "text": "Text", "candidates": "Candidates", "one": "Product 1", "two": "Product 2",
        "bought": "Bought", "next": "Bought next", "name": "Product name", "search": "Search term", "comment": "Customer comment",
        "asked": "Asked about", "relevant": "relevant", "irrelevant": "not relevant", "match": "match", "other": "no match",
        "yes": "Yes", "no": "No", "brand": "Brand", "sense": "makes sense", "nonsense": "makes no sense", "write": "Write a text about",
    },
    "zh": {
        "positive": "正面", "neutral": "中性", "negative": "负面", "review": "评论", "title": "标题", "question": "问题",
        "product": "商品", "query": "搜索词", "description": "描述", "aspect": "方面", "answer": "回答", "text": "文本",
        "candidates": "候选", "one": "商品一", "two": "商品二", "bought": "已购", "next": "接着买", "name": "商品名",
        "search": "查询", "comment": "买家说", "asked": "咨询商品", "relevant": "相关", "irrelevant": "不相关", "match": "同款",
        "other": "不同款", "yes": "是", "no": "否", "brand": "品牌", "sense": "合理", "nonsense": "不合理", "write": "请写一段文案",
    },
}  # fmt: skip


# --- rows -------------------------------------------------------------------------------------------------------------


def row(text: str, output: str, choices: Iterable[str] = ()) -> Row:
    return {"input": text, "choices": list(choices), "output": output}


def some(lang: Language, values: list[str], wanted: str, seed: str, n: int = 4) -> list[str]:
    """`n` of the values with the wanted one among them, in an order that depends on the seed only."""
    rng = random.Random(f"{lang.code} {seed} {wanted}")
    chosen = [wanted, *rng.sample([v for v in values if v != wanted], n - 1)]
    rng.shuffle(chosen)
    return chosen


def row_of(lang: Language, item: Item, text: str | None = None, form: int = 0) -> Row:
    """The item as a row of a task. `form` 0 is the usual one, 1 is without labels, 2 belongs to another task."""
    text = item.text if text is None else text
    if item.kind == "review":
        rating = lang.label[item.more[0]]
        if form == 2:
            name, value = lang.aspects(item)[0]
            value = lang.label.get(value, value)
            return row(lang.parts(("review", text), ("aspect", name)), value, lang.ratings)
        return row(text if form == 1 else lang.part("review", text), rating, lang.ratings)
    if item.kind == "title":
        if form == 2:
            return row(lang.part("title", text), lang.part("brand", item.more[1]))
        category = item.more[0]
        return row(
            text if form == 1 else lang.part("title", text), category, some(lang, lang.categories, category, text)
        )
    if item.kind == "question":
        if form == 2:
            return row(lang.parts(("question", text), ("product", item.about)), item.more[0])
        if form == 1:
            return row(f"{item.about} - {text}" if lang.english else f"{item.about} {text}", item.more[0])
        return row(lang.parts(("product", item.about), ("question", text)), item.more[0])
    if item.kind == "query":
        if form == 2:
            return row(
                lang.parts(("query", text), ("title", item.about)),
                lang.label["relevant"],
                [lang.label["relevant"], lang.label["irrelevant"]],
            )
        return row(
            text if form == 1 else lang.part("query", text),
            item.more[0],
            some(lang, lang.categories, item.more[0], text),
        )
    return row(text if form == 1 else lang.part("description", text), item.about)


KINDS = {"en": ["title or query", "question", "message or review"], "zh": ["标题或搜索词", "提问", "留言或评论"]}


TOLD = {
    "en": r"(?i)[.!]\s*$|\. |, (?:but|and|or|so) |\b(?:I|it|my|we|they|me|was|were|is|are|does|says)\b",
    "zh": r"[。！]|[了我太很才还就都不]|有点",
}


def kind_of(lang: Language, text: str) -> str:
    """What a loose text looks like; only there to give it an answer."""
    asks = text.rstrip().endswith(("?", "？", "吗", "不")) or re.match(r"(?i)(is|does|can|should|why|what) ", text)
    return KINDS[lang.code][1 if asks else 2 if re.search(TOLD[lang.code], text) else 0]


def loose(lang: Language, text: str, form: int = 0, like: str | None = None) -> Row:
    """A row of a text that belongs to no item; `like` gives the answer of another text."""
    kinds = KINDS[lang.code]
    return row(text if form == 1 else lang.part("text", text), kind_of(lang, like or text), kinds)


# --- changes to a text ------------------------------------------------------------------------------------------------


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def without_punctuation(text: str) -> str:
    """Drop sentence marks, but keep those inside numbers and words such as 1.7, 60x40 or 36-37."""
    text = re.sub(r"(?<!\d)[.,](?!\d)|(?<=\d)[.,](?!\d)|(?<!\d)[.,](?=\d)", "", text)
    return re.sub(r" +", " ", re.sub(r"[!?;:\"“”'…，。！？；：、~()（）]", "", text)).strip()


def half_width_marks(text: str) -> str:
    return text.translate(str.maketrans("，。！？：；（）", ",.!?:;()"))


def spaced(text: str) -> str:
    return (
        "  " + re.sub(r" ", "  ", text) + " \n" if " " in text else " " + re.sub(r"([，。！？])", r"\1 ", text) + "\n\n"
    )


def emphatic(text: str) -> str:
    return text.rstrip(".。!！") + ("！！！" if re.search(r"[\u4e00-\u9fff]", text) else "!!!")


def spread(text: str) -> str:
    """Chinese characters with a space between, as some tokenised sets have them."""
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", " ", text)


def line_broken(text: str) -> str:
    return re.sub(r"(?<=[.!?]) |(?<=[。！？])(?=.)|, |，", lambda m: (m[0].strip() or "") + "\n", text)


SURFACE: dict[str, list[Callable[[str], str]]] = {
    "en": [str.upper, str.lower, without_punctuation, full_width, spaced, emphatic, line_broken, str.swapcase],
    "zh": [without_punctuation, half_width_marks, full_width, spaced, emphatic, spread, line_broken, str.upper],
}


def escaped(text: str) -> str:
    return html.escape(text)


def broken_by_tags(text: str) -> str:
    return re.sub(r"(?<=[.!?]) |(?<=[。！？])(?=.)", "<br>", text)


def hard_spaces(text: str) -> str:
    return text.replace(" ", "&nbsp;") if " " in text else re.sub(r"(?<=[，。！？])(?=.)", "&nbsp;", text)


def paragraph(text: str) -> str:
    return f"<p>{html.escape(text, quote=False)}</p>"


def bold_start(text: str) -> str:
    head, space, tail = text.partition(" ")
    if not space:
        head, tail = text[:4], text[4:]
    return f"<b>{head}</b>{space}{tail}"


def span_with_style(text: str) -> str:
    half = text.find(" ", len(text) // 2) if " " in text[len(text) // 2 :] else len(text) // 2
    return f'{text[:half]}<span style="color:#c00">{text[half:]}</span><br/>'


HTML = [escaped, broken_by_tags, hard_spaces, paragraph, bold_start, span_with_style]


def plain_letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def traditional(text: str) -> str:
    words = dict(pair.split(" ") for line in ZH_TRADITIONAL_WORDS.split("\n") for pair in line.split("|") if pair)
    letters = "".join(ZH_TRADITIONAL.split())
    single = dict(zip(letters[::2], letters[1::2], strict=True))
    either = re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r"|[\s\S]")
    return either.sub(lambda m: words.get(m[0]) or single.get(m[0], m[0]), text)


# A typing error in these would say something else.
EN_FIXED = {
    "never",
    "without",
    "nothing",
    "nobody",
    "neither",
    "cannot",
    "unlike",
    "before",
    "after",
    "three",
    "seven",
    "eight",
}
NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioposdfghjklkxcvbnmn", strict=True))


def english_typo(text: str, rng: random.Random, times: int, known: set[str]) -> str:
    """Misspell that many words of five letters and more, none into another word that occurs in the texts."""
    spots = [m for m in re.finditer(r"(?<![\w'-])[a-zA-Z]?[a-z]{4,}(?![\w'-])", text) if m[0].lower() not in EN_FIXED]
    chosen = sorted(rng.sample(spots, times), key=lambda m: -m.start())
    for spot in chosen:
        word = spot[0]
        for _ in range(20):
            at = rng.randrange(1, len(word) - 2)
            changed = [
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + NEIGHBOURS[word[at]] + word[at + 1 :],
            ][rng.randrange(4)]
            if changed != word and changed.lower() not in known:
                text = text[: spot.start()] + changed + text[spot.end() :]
                break
        else:
            raise ValueError(word)
    return text


CHINESE_TYPOS = [pair.split(" ") for line in lines_of(ZH_TYPOS) for pair in line.split("|")]


def chinese_typo(text: str, times: int, rng: random.Random) -> str | None:
    """Mistype that many words as a pinyin keyboard does; None where the text has too few that are known."""
    spots = [(text.index(right), right, wrong) for right, wrong in CHINESE_TYPOS if right in text]
    apart: list[tuple[int, str, str]] = []
    rng.shuffle(spots)
    for spot in spots:
        if all(abs(spot[0] - other[0]) >= 4 for other in apart):
            apart.append(spot)
    if len(apart) < times:
        return None
    for at, right, wrong in sorted(apart[:times], reverse=True):
        text = text[:at] + wrong + text[at + len(right) :]
    return text


def typo(lang: Language, item: Item, times: int, rng: random.Random) -> str | None:
    if not lang.english:
        return chinese_typo(item.text, times, rng)
    known = {w for other in lang.all for w in re.findall(r"[a-z]+", other.text.lower())}
    return english_typo(item.text, rng, times, known)


def cut(lang: Language, item: Item, share: float, front: bool) -> str:
    """The first or the last part of the text; of a title always the first, as the product is named there."""
    front = front or item.kind == "title"
    if item.kind == "title":
        parts = item.more[1:]
        return " ".join(parts[: max(3, round(len(parts) * max(share, 0.6)))])
    if lang.english:
        words = item.text.split(" ")
        n = max(4, round(len(words) * share))
        return " ".join(words[:n] if front else words[-n:])
    n = max(8, round(len(item.text) * share))
    while re.match(r"[a-zA-Z0-9.%]{2}", item.text[(n if front else -n) - 1 :]):  # not inside a number or a Latin word
        n += 1
    return (item.text[:n] if front else item.text[-n:]).strip("，。！？、 ")


# --- choosing items ---------------------------------------------------------------------------------------------------


def draw(lang: Language, family: str, items: list[Item]) -> Iterator[Item]:
    """The items in an order of the family's own, kinds taking turns as long as they last."""
    rng = random.Random(f"{family} {lang.code}")
    kinds = sorted({item.kind for item in items})
    queues = {kind: [item for item in items if item.kind == kind] for kind in kinds}
    for queue in queues.values():
        rng.shuffle(queue)
    for turn in itertools.zip_longest(*(queues[kind] for kind in kinds)):
        yield from (item for item in turn if item is not None)


Pair = tuple[Row, Row, str]


def changed(
    lang: Language,
    family: str,
    items: list[Item],
    change: Callable[[Item, int], str | None],
    why: str,
    n: int = 25,
    one_form: bool = False,
) -> Iterator[Pair]:
    """`n` pairs of an item and its changed self; items that no turn of the change alters are passed over."""
    made = 0
    for item in draw(lang, family, items):
        rng = random.Random(f"{family} {item.text}")
        first = rng.randrange(24)
        tried = (change(item, first + turn) for turn in range(24))
        text = next((text for text in tried if text not in (None, item.text)), None)
        if text is None:
            continue
        form = rng.randrange(2)
        other = form if one_form or rng.random() < 0.8 else 1 - form
        pair = row_of(lang, item, form=form), row_of(lang, item, text, other)
        for one in pair:
            one.update(output=pair[0]["output"], choices=pair[0]["choices"])
        yield (*pair, why)
        made += 1
        if made == n:
            return
    raise ValueError(f"{family} {lang.code}: only {made}")


def other_way(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Half of the pairs turned round, by the hash of the first text."""
    for one, two, why in pairs:
        turn = hashlib.sha256(one["input"].encode()).digest()[0] % 2
        yield (two, one, why) if turn else (one, two, why)


def from_sides(lang: Language, lines: list[str], why: str, told: str = "") -> Iterator[Pair]:
    """Pairs from lines with `{a|b}`. With `told`, every second pair has that label and asks for the part that differs."""
    for n, line in enumerate(lines):
        one, two = sides(line)
        assert one != two, line
        if told and n % 2:
            a, b = first_difference(line)
            yield row(lang.part(told, one), a), row(lang.part(told, two), b), why
        else:
            yield loose(lang, one, n % 3, one), loose(lang, two, n % 3, one), why


def rotated(lang: Language, item: Item, made: int) -> str | None:
    """Another order of the parts of a title or the sentences of a review."""
    rng = random.Random(f"order {item.text}")
    if item.kind == "title":
        parts = list(item.more[1:])
        fixed = 1 if made % 2 else 0
        head, tail = parts[:fixed], parts[fixed:]
        rng.shuffle(tail)
        return " ".join(head + tail)
    sentences = lang.sentences(item.text)
    if not 2 <= len(sentences) <= 8:
        return None
    return lang.join(sentences[1:] + sentences[:1])


# --- leaks ------------------------------------------------------------------------------------------------------------


def surface(lang: Language) -> Callable[[Item, int], str | None]:
    changes = SURFACE[lang.code]
    return lambda item, made: changes[made % len(changes)](item.text)


def markup(item: Item, made: int) -> str | None:
    return HTML[made % len(HTML)](item.text)


def listed(block: str) -> list[Item]:
    return [Item("loose", line) for line in lines_of(block)]


def other_order(lang: Language) -> Iterator[Pair]:
    why = "the same parts in another order"
    for one, two in rows_of(lang.block("QUERY_ORDER")):
        yield (
            row(lang.part("query", one), KINDS[lang.code][0], KINDS[lang.code]),
            row(lang.part("query", two), KINDS[lang.code][0], KINDS[lang.code]),
            why,
        )
    yield from changed(
        lang, "word_order", [*lang.titles, *lang.reviews], lambda item, made: rotated(lang, item, made), why, 17
    )


def exact(lang: Language, n: int, offset: int = 0) -> Iterator[Pair]:
    for made, item in enumerate(itertools.islice(draw(lang, f"exact {offset}", [*lang.all, *lang.queries]), n)):
        form = made % 2
        yield row_of(lang, item, form=form), row_of(lang, item, form=form), "every character is the same"


def diacritics(lang: Language) -> Iterator[Pair]:
    for n, text in enumerate(lines_of(lang.block("ACCENTS"))):
        yield loose(lang, text, n % 2), loose(lang, plain_letters(text), n % 2, text), "only the accents are gone"


def script(lang: Language) -> Iterator[Pair]:
    why = "the same row in traditional characters"
    items = [i for i in [*lang.all, *lang.queries] if lang.size(i.text) < 200 and traditional(i.text) != i.text]
    for made, item in enumerate(itertools.islice(draw(lang, "script", items), 23)):
        one = row_of(lang, item, form=made % 2)
        yield one, one | {"input": traditional(one["input"])}, why
    for text in lines_of(lang.block("SCRIPT_EXTRA")):
        one = loose(lang, text)
        yield one, one | {"input": traditional(one["input"])}, why


def embedded(lang: Language) -> Iterator[Pair]:
    frames = rows_of(lang.block("FRAMES"))
    items = [i for i in lang.all if (8 if lang.english else 12) <= lang.size(i.text) < 200]
    rng = random.Random(f"embedded {lang.code}")
    for item in itertools.islice(draw(lang, "embedded", items), 25):
        other, third = rng.sample(
            [r.text for r in lang.reviews if r.about != item.about and lang.size(r.text) < 150], 2
        )
        title = rng.choice([t.text for t in lang.titles if t.text != item.text])
        frame = rng.choice([frame for kind, frame in frames if kind == item.kind])
        text = frame.format(text=item.text, about=item.about, other=other, third=third, other_title=title)
        sources = ["listing", "review", "conversation"] if lang.english else ["商品页", "评价", "对话"]
        train = row(text, sources[{"review": 1, "question": 2}.get(item.kind, 0)], sources)
        yield row_of(lang, item), train, "the whole test text stands inside the training text"


def choices_as_input(lang: Language) -> Iterator[Pair]:
    relevance = [lang.label["relevant"], lang.label["irrelevant"]]
    titles = [t.text for t in lang.titles]
    for made, item in enumerate(itertools.islice(draw(lang, "choices", lang.titles), 15)):
        choices = some(lang, titles, item.text, "candidates")
        test = row(lang.part("query", item.about), item.text, choices)
        if made % 3 == 0:
            yield (
                test,
                row(lang.parts(("query", item.about), ("title", item.text)), lang.label["relevant"], relevance),
                "the training row says that the gold candidate suits the query",
            )
        elif made % 3 == 1:
            numbered = "\n".join(f"{n}. {c}" for n, c in enumerate(choices, 1))
            yield (
                test,
                row(lang.part("candidates", "").rstrip() + "\n" + numbered, str(choices.index(item.text) + 1)),
                "all candidates of the test row stand in the training input, in its order",
            )
        else:
            yield test, row_of(lang, item), "the gold candidate is the input of the training row"
    answers = [q.more[0] for q in lang.questions]
    for made, item in enumerate(itertools.islice(draw(lang, "choices", lang.questions), 10)):
        gold = item.more[0]
        choices = some(lang, answers, gold, "answers")
        test = row(lang.parts(("product", item.about), ("question", item.text)), gold, choices)
        if made % 2:
            numbered = "\n".join(f"({letter}) {c}" for letter, c in zip("abcd", choices, strict=True))
            yield (
                test,
                row(lang.part("candidates", "").rstrip() + "\n" + numbered, "abcd"[choices.index(gold)]),
                "all candidate answers of the test row stand in the training input",
            )
        else:
            yield test, row(lang.part("answer", gold), item.about), "the gold answer is the input of the training row"


def answer_reused(lang: Language) -> Iterator[Pair]:
    long = 12 if lang.english else 20
    items = [q for q in lang.questions if lang.size(q.more[0]) >= long]
    why = "the test answer, long enough to be known again, stands in the training row"
    for made, item in enumerate(itertools.islice(draw(lang, "answer", items), 15)):
        test, answer = row_of(lang, item), item.more[0]
        if made % 3 == 0:
            yield test, row(lang.part("answer", answer), item.about), why
        elif made % 3 == 1:
            ask = "What do buyers of this one need to know?" if lang.english else "买这款之前有什么要注意的？"
            yield test, row(lang.parts(("product", item.about), ("question", ask)), answer), why
        else:
            yield (
                test,
                row(
                    lang.part("text", answer),
                    lang.label["answer"],
                    [lang.label[k] for k in ("question", "answer", "title")],
                ),
                why,
            )
    for made, item in enumerate(itertools.islice(draw(lang, "answer", lang.descriptions), 10)):
        test = row(lang.part("write", item.about), item.text)
        yield (
            test,
            row_of(lang, item)
            if made % 2
            else row(
                lang.part("product", item.about + (", outdoor range, new" if lang.english else "，新款")), item.text
            ),
            why,
        )


def short_exact(lang: Language) -> Iterator[Pair]:
    kinds = KINDS[lang.code]
    for n, text in enumerate(lines_of(lang.block("SHORT"))[:25]):
        other = row(lang.part("query", text) if n % 3 else text, kinds[0], kinds)
        yield row(lang.part("query", text), kinds[0], kinds), other, "a query of its own, word for word"


def other_template(lang: Language) -> Iterator[Pair]:
    rng = random.Random(f"template {lang.code}")
    why = "the same fields under other labels or in another order"
    for made, item in enumerate(
        itertools.islice(draw(lang, "template", [*lang.titles, *lang.questions, *lang.reviews]), 25)
    ):
        if item.kind == "review":
            test = row_of(lang, item, form=2)
            aspect = lang.aspects(item)[0][0]
            text = (
                lang.parts(("aspect", aspect), ("comment", item.text))
                if made % 2
                else (
                    f'A customer wrote: "{item.text}" How do they feel about {aspect}?'
                    if lang.english
                    else f"有位买家写道：“{item.text}”请问买家对{aspect}是什么态度？"
                )
            )
            train = row(text, test["output"], rng.sample(test["choices"], 3))
        elif item.kind == "title":
            pair = [lang.label["relevant"], lang.label["irrelevant"]]
            test = row(lang.parts(("query", item.about), ("title", item.text)), pair[0], pair)
            text = (
                lang.parts(("name", item.text), ("search", item.about))
                if made % 2
                else f"COL query VAL {item.about} COL title VAL {item.text}"
            )
            train = row(text, pair[0], pair[::-1])
        else:
            test = row_of(lang, item)
            text = (
                lang.parts(("question", item.text), ("asked", item.about))
                if made % 2
                else (
                    f'Somebody who wants to buy "{item.about}" asks: {item.text} What do you reply?'
                    if lang.english
                    else f"有人想买“{item.about}”，他问：{item.text}你会怎么回复？"
                )
            )
            train = row(text, item.more[0])
        yield test, train, why


def pairs_in(lang: Language, name: str, why: str) -> Iterator[Pair]:
    for n, (one, two) in enumerate(rows_of(lang.block(name))):
        yield loose(lang, one, n % 2), loose(lang, two, n % 2, one), why


def translation(lang: Language) -> Iterator[Pair]:
    """The test row is in the language, the training row in the other one."""
    for n, (one, two) in enumerate(rows_of(lang.block("TRANSLATION"))):
        there = LANGUAGES["zh" if lang.english else "en"]
        kind = KINDS[lang.code].index(kind_of(lang, one))
        train = loose(there, two, n % 2)
        train["output"] = KINDS[there.code][kind]
        yield loose(lang, one, n % 2), train, "the same text in the other language"


def common_questions(lang: Language) -> list[tuple[str, list[str], list[Item]]]:
    """Questions that are asked everywhere, with two answers and the titles that they suit."""
    return [
        (ask, [one, two], [t for t in lang.titles if t.more[0] in suits.split(",")])
        for ask, one, two, suits in rows_of(lang.block("COMMON_QUESTIONS"))
    ]


def other_product(lang: Language) -> Iterator[Pair]:
    rng = random.Random(f"products {lang.code}")
    common = common_questions(lang)
    used: set[tuple[str, str]] = set()
    for n in range(25):
        ask, answers, titles = common[n % len(common)]
        pair = rng.choice(
            [p for p in itertools.combinations(titles, 2) if not used & {(ask, p[0].text), (ask, p[1].text)}]
        )
        used |= {(ask, t.text) for t in pair}
        one, two = (row(lang.parts(("product", t.text), ("question", ask)), rng.choice(answers)) for t in pair)
        yield one, two, "a common question about another product"


def short_inside(lang: Language) -> Iterator[Pair]:
    for short, long, rating in rows_of(lang.block("SHORT_INSIDE")):
        rating = lang.label[rating]
        yield (
            row(lang.part("review", short), rating, lang.ratings),
            row(lang.part("review", long), rating, lang.ratings),
            "a stock sentence that many longer reviews contain",
        )


def stock_phrase(lang: Language) -> Iterator[Pair]:
    rng = random.Random(f"stock {lang.code}")
    stock = lines_of(lang.block("STOCK"))
    pool = [r for r in lang.reviews if (16 if lang.english else 28) <= lang.size(r.text) < 160]
    for n in range(25):
        one, two = rng.sample(pool, 2)
        phrase = stock[n % len(stock)]
        left = row_of(lang, one, lang.join([one.text, phrase]))
        right = row_of(lang, two, lang.join([phrase, two.text] if n % 2 else [two.text, phrase]))
        yield left, right, "two reviews that share a stock sentence"


def short_generic(lang: Language) -> Iterator[Pair]:
    sad = {"Don't buy", "Terrible", "Bad quality", "meh", "太差了", "差评"}
    for one, two in rows_of(lang.block("GENERIC")):
        rating = lang.label["negative" if one in sad else "positive"]
        yield (
            row(lang.part("review", one), rating, lang.ratings),
            row(lang.part("review", two), rating, lang.ratings),
            "too short and common to be one person's text",
        )


def boilerplate(lang: Language) -> Iterator[Pair]:
    rng = random.Random(f"boilerplate {lang.code}")
    frames = lines_of(lang.block("BOILERPLATE"))
    kinds = [
        lang.titles,
        lang.questions,
        lang.titles,
        lang.reviews,
        lang.titles,
        lang.questions,
        lang.titles,
        lang.descriptions,
    ]
    for n in range(25):
        items = [i for i in kinds[n % len(frames)] if lang.size(i.text) < 100]
        one, two = rng.sample(items, 2)
        left, right = (row_of(lang, i, form=2 if i.kind == "title" and n % len(frames) else 0) for i in (one, two))
        for made, item in ((left, one), (right, two)):
            made["input"] = frames[n % len(frames)].format(item.text)
            if n % len(frames) == 6:
                made["output"] = "\n".join(item.more[1:])
        yield left, right, "the frame is the same, what stands in it is not"


def short_answers(lang: Language) -> Iterator[Pair]:
    why = "a short answer that a thousand rows share"
    for n, (answer, one, two) in enumerate(rows_of(lang.block("SHORT_ANSWERS"))):
        ask = "Is this an answer to a question about a product?" if lang.english else "这是关于商品问题的回答吗？"
        same_output = row(two, answer)
        as_input = row(lang.parts(("text", answer), ("question", ask)), lang.label["yes"])
        yield row(one, answer), as_input if n % 4 == 1 else same_output, why


def leak_families(lang: Language) -> Iterator[tuple[str, bool, Iterable[Pair]]]:
    everything = [*lang.all, *lang.queries]
    middling = [i for i in lang.all if lang.size(i.text) >= (12 if lang.english else 20)]
    long_queries = [q for q in lang.queries if lang.size(q.text) >= (4 if lang.english else 8)]
    rng = random.Random(f"leaks {lang.code}")
    wordy = [
        i
        for i in [*lang.reviews, *lang.questions]
        if drop(i.marked) != i.text and lang.size(drop(i.marked)) >= (6 if lang.english else 10)
    ]
    wordy = list(draw(lang, "wordy", wordy))
    shares = (0.5, 0.6, 0.5, 0.7)

    yield "exact", True, exact(lang, 25)
    yield (
        "surface",
        True,
        other_way(changed(lang, "surface", everything, surface(lang), "only case, width, spaces or marks differ")),
    )
    yield "html", True, other_way(changed(lang, "html", lang.all, markup, "only tags or entities were added"))
    yield "diacritics", True, other_way(diacritics(lang))
    if lang.english:
        yield (
            "spelling",
            True,
            other_way(from_sides(lang, lines_of(EN_SPELLING), "British and American spelling of the same text")),
        )
    else:
        yield "script", True, other_way(script(lang))
    yield (
        "number_words",
        True,
        other_way(from_sides(lang, lines_of(lang.block("NUMBERS")), "a number as a word and as digits")),
    )
    yield (
        "one_typo",
        True,
        changed(
            lang, "one_typo", [*lang.all, *long_queries], lambda item, _: typo(lang, item, 1, rng), "one typing error"
        ),
    )
    yield (
        "two_typos",
        True,
        changed(lang, "two_typos", middling, lambda item, _: typo(lang, item, 2, rng), "two typing errors"),
    )
    yield (
        "words_dropped",
        True,
        changed(
            lang,
            "words_dropped",
            wordy[::2],
            lambda item, _: drop(item.marked),
            "a few words that carry little are missing",
        ),
    )
    yield (
        "words_inserted",
        True,
        (
            (two, one, why)
            for one, two, why in changed(
                lang,
                "words_inserted",
                wordy[1::2],
                lambda item, _: drop(item.marked),
                "a few words that carry little were added",
            )
        ),
    )
    yield "word_order", True, other_order(lang)
    yield (
        "cut",
        True,
        changed(
            lang,
            "cut",
            [i for i in lang.all if lang.size(i.text) >= (10 if lang.english else 18)],
            lambda item, made: cut(lang, item, shares[made % 4], made // 4 % 2 == 0),
            "half or more of the test text, enough to know it",
        ),
    )
    yield "embedded", True, embedded(lang)
    yield "choices_as_input", True, choices_as_input(lang)
    yield "answer_reused", True, answer_reused(lang)
    yield "short_exact", True, short_exact(lang)
    yield "template", True, other_template(lang)
    yield "paraphrase", True, other_way(pairs_in(lang, "PARAPHRASE", "the same thing in other words"))
    yield "translation", True, translation(lang)

    yield "other_product", False, other_product(lang)
    yield "short_inside", False, short_inside(lang)
    yield (
        "other_variant",
        False,
        from_sides(lang, lines_of(lang.block("VARIANTS"))[::2], "another model, size, colour or brand", told="title"),
    )
    yield (
        "same_words",
        False,
        from_sides(lang, lines_of(lang.block("SAME_WORDS")), "same brand and category words, another product"),
    )
    yield "negation", False, from_sides(lang, lines_of(lang.block("NEGATION"))[::2], "says the opposite")
    yield "generic_phrase", False, stock_phrase(lang)
    yield (
        "other_number",
        False,
        from_sides(lang, lines_of(lang.block("OTHER_NUMBER"))[:25], "the number makes it another question"),
    )
    yield "short_generic", False, short_generic(lang)
    yield "boilerplate", False, boilerplate(lang)
    yield (
        "date_price",
        False,
        from_sides(lang, lines_of(lang.block("DATE_PRICE")), "another date, price or number of an order", told="text"),
    )
    yield "answer_short", False, short_answers(lang)


# --- copies -----------------------------------------------------------------------------------------------------------


def tails(lang: Language) -> Callable[[Item, int], str | None]:
    asked, told = lines_of(lang.block("QUESTION_TAILS")), lines_of(lang.block("REVIEW_TAILS"))

    def change(item: Item, made: int) -> str | None:
        endings = asked if item.kind == "question" else told
        gap = " " if lang.english or not item.text.endswith(("。", "？", "！")) else ""
        return item.text + gap + endings[made % len(endings)]

    return change


def pair_row(lang: Language, one: str, two: str, same: bool) -> Row:
    choices = [lang.label["match"], lang.label["other"]]
    return row(lang.parts(("one", one), ("two", two)), choices[0 if same else 1], choices)


def swapped(lang: Language) -> Iterator[Pair]:
    for n, (one, two) in enumerate(rows_of(lang.block("PAIR_ATTRIBUTE"))):
        a, b = sides(one)[0], sides(two)[n % 2]
        yield (
            pair_row(lang, a, b, n % 2 == 0),
            pair_row(lang, b, a, n % 2 == 0),
            "whether two products are the same does not depend on their order",
        )


def directed(lang: Language) -> Iterator[Pair]:
    choices = [lang.label["sense"], lang.label["nonsense"]]
    for a, b in rows_of(lang.block("BUNDLES")):
        yield (
            row(lang.parts(("bought", a), ("next", b)), choices[0], choices),
            row(lang.parts(("bought", b), ("next", a)), choices[1], choices),
            "what is bought first matters here",
        )


def two_aspects(lang: Language) -> Iterator[Pair]:
    items = [r for r in lang.reviews if len(lang.aspects(r)) > 1]
    for made, item in enumerate(itertools.islice(draw(lang, "aspects", items), 25)):
        chosen = random.Random(f"{item.about} {made}").sample(lang.aspects(item), 2)
        one, two = (
            row(lang.parts(("review", item.text), ("aspect", name)), lang.label.get(value, value), lang.ratings)
            for name, value in chosen
        )
        yield one, two, "one review, two aspects asked about"


def two_questions(lang: Language) -> Iterator[Pair]:
    rng = random.Random(f"questions {lang.code}")
    common = common_questions(lang)
    unknown = "The text does not say." if lang.english else "文中没有提到。"
    for made, item in enumerate(
        itertools.islice(
            draw(
                lang,
                "questions",
                [*lang.questions, *lang.descriptions, *[t for t in lang.titles if sum(t in c[2] for c in common) > 1]],
            ),
            25,
        )
    ):
        fitting = [c for c in common if item in c[2]] if item.kind == "title" else common
        first, second = rng.sample(fitting, 2)
        if item.kind == "question":
            one, two = row_of(lang, item), row(lang.parts(("product", item.about), ("question", first[0])), unknown)
        else:
            answers = [rng.choice(q[1]) for q in (first, second)] if item.kind == "title" else [unknown, unknown]
            label = "text" if made % 2 else item.kind
            one, two = (
                row(lang.parts((label, item.text), ("question", q[0])), answer)
                for q, answer in zip((first, second), answers, strict=True)
            )
        yield one, two, "one text, two questions"


def two_products(lang: Language) -> Iterator[Pair]:
    rng = random.Random(f"query {lang.code}")
    choices = [lang.label["relevant"], lang.label["irrelevant"]]
    for item in itertools.islice(draw(lang, "query", lang.titles), 25):
        other, third = rng.sample([t for t in lang.titles if t.more[0] != item.more[0]], 2)
        texts = [(item.text, 0), (other.text, 1)] if rng.random() < 0.7 else [(other.text, 1), (third.text, 1)]
        one, two = (row(lang.parts(("query", item.about), ("title", text)), choices[at], choices) for text, at in texts)
        yield one, two, "one query, two products"


def pair_attribute(lang: Language) -> Iterator[Pair]:
    for n, (one, two) in enumerate(rows_of(lang.block("PAIR_ATTRIBUTE"))):
        (a, x), (b, y) = sides(one), sides(two)
        right = [pair_row(lang, x, y, True), pair_row(lang, a, y, False), pair_row(lang, x, b, False)][n % 3]
        yield pair_row(lang, a, b, True), right, "one attribute of the pair is another one"


def other_candidates(lang: Language) -> Iterator[Pair]:
    titles, answers = [t.text for t in lang.titles], [q.more[0] for q in lang.questions]
    for made, item in enumerate(itertools.islice(draw(lang, "candidates", [*lang.titles, *lang.questions]), 25)):
        if item.kind == "title":
            text, gold, values = lang.part("query", item.about), item.text, titles
        else:
            text, gold, values = lang.parts(("product", item.about), ("question", item.text)), item.more[0], answers
        one, two = (row(text, gold, some(lang, values, gold, f"side {side} {made}")) for side in "ab")
        yield one, two, "the same input with other candidates to choose from"


def copy_families(lang: Language) -> Iterator[tuple[str, bool, Iterable[Pair]]]:
    rng = random.Random(f"copies {lang.code}")
    long = [
        i
        for i in [*lang.reviews, *lang.descriptions, *lang.questions]
        if lang.size(i.text) >= (15 if lang.english else 25)
    ]

    yield "exact", True, exact(lang, 25, 1)
    yield (
        "trivial",
        True,
        changed(
            lang,
            "copy trivial",
            [*lang.all, *lang.queries],
            surface(lang),
            "only case, width, spaces or marks differ",
            one_form=True,
        ),
    )
    yield "html", True, changed(lang, "copy html", lang.all, markup, "only tags or entities were added", one_form=True)
    yield (
        "typo_long",
        True,
        changed(
            lang,
            "typo_long",
            long,
            lambda item, _: typo(lang, item, 1, rng),
            "one typing error in a long text",
            one_form=True,
        ),
    )
    yield (
        "tail",
        True,
        changed(
            lang,
            "tail",
            [*lang.questions, *[r for r in lang.reviews if lang.size(r.text) > 10]],
            tails(lang),
            "a polite tail was added",
            one_form=True,
        ),
    )
    yield (
        "attribute_order",
        True,
        changed(
            lang,
            "attribute_order",
            lang.titles,
            lambda item, made: rotated(lang, item, made),
            "the attributes stand in another order",
            one_form=True,
        ),
    )
    yield "sides_swapped", True, swapped(lang)

    yield "sides_directed", False, directed(lang)
    yield "aspect", False, two_aspects(lang)
    yield (
        "other_model",
        False,
        from_sides(lang, lines_of(lang.block("VARIANTS"))[1::2], "another model, size, colour or brand", told="title"),
    )
    yield "negation", False, from_sides(lang, lines_of(lang.block("NEGATION"))[1::2], "says the opposite")
    yield "other_question", False, two_questions(lang)
    yield "query_other_product", False, two_products(lang)
    yield "pair_attribute", False, pair_attribute(lang)
    yield "other_candidates", False, other_candidates(lang)
    yield (
        "template_product",
        False,
        from_sides(lang, lines_of(lang.block("TEMPLATE_PRODUCTS")), "one frame, two products"),
    )
    yield (
        "units",
        False,
        from_sides(lang, lines_of(lang.block("UNITS")), "another unit, so another amount", told="title"),
    )


# --- writing ----------------------------------------------------------------------------------------------------------

LANGUAGES = {"en": Language("en", "EN"), "zh": Language("zh", "ZH")}


def cases(
    name: str, families: Callable[[Language], Iterator[tuple[str, bool, Iterable[Pair]]]], fields: tuple[str, str, str]
) -> list[Case]:
    """All cases of one file; `fields` names the two rows and the label."""
    one, two, label = fields
    made: list[Case] = []
    for lang in LANGUAGES.values():
        for family, truth, pairs in families(lang):
            for n, (left, right, why) in enumerate(pairs, 1):
                case_id = f"{name}-{lang.code}-{family}-{n:02d}"
                held = int(hashlib.sha256(case_id.encode()).hexdigest(), 16) % 3 == 0
                made.append(
                    {
                        "id": case_id,
                        "lang": lang.code,
                        "family": family,
                        one: left,
                        two: right,
                        label: truth,
                        "why": why,
                        "held": held,
                    }
                )
    return made


def check(made: list[Case], fields: tuple[str, str, str]) -> None:
    """No id and no pair occurs twice, no mark of the blocks is left, and no pair that should differ is equal."""
    one, two, _ = fields
    assert len({c["id"] for c in made}) == len(made)
    seen: set[str] = set()
    for case in made:
        key = json.dumps([case[one], case[two]], ensure_ascii=False)
        assert key not in seen, case["id"]
        seen.add(key)
        whole = json.dumps(case, ensure_ascii=False)
        assert not re.search(r"[{]\w[^{}:]*[}]| ~ | # ", whole), case["id"]
        assert all(case[side]["input"].strip() and case[side]["output"].strip() for side in (one, two)), case["id"]
        assert all(not row["choices"] or row["output"] in row["choices"] for row in (case[one], case[two])), case["id"]
        if case["family"] not in ("exact", "short_exact", "short_generic"):
            assert case[one] != case[two], case["id"]


def table(made: list[Case], label: str) -> str:
    """Counts by family, language and label, with how many of each are held."""
    counts = Counter((c["family"], c["lang"], c[label]) for c in made)
    held = Counter((c["family"], c["lang"], c[label]) for c in made if c["held"])
    families = dict.fromkeys((c["family"], c[label]) for c in made)
    lines = [f"{'family':<22}{label:<7}{'en':>5}{'held':>6}{'zh':>6}{'held':>6}"]
    lines += [
        f"{family:<22}{'yes' if truth else 'no':<7}"
        + "".join(
            f"{counts[family, lang, truth]:>{5 if lang == 'en' else 6}}{held[family, lang, truth]:>6}"
            for lang in LANGUAGES
        )
        for family, truth in families
    ]
    sums = [
        (sum(c["lang"] == lang for c in made), sum(c["lang"] == lang and c["held"] for c in made)) for lang in LANGUAGES
    ]
    lines.append(f"{'all ' + str(len(made)):<29}{sums[0][0]:>5}{sums[0][1]:>6}{sums[1][0]:>6}{sums[1][1]:>6}")
    return "\n".join(lines)


def main() -> None:
    """Write both files beside this script and print what they hold."""
    for file, families, fields in (
        ("leak", leak_families, ("test", "train", "leak")),
        ("copy", copy_families, ("left", "right", "same")),
    ):
        made = cases(file, families, fields)
        check(made, fields)
        data = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in made).encode()
        path = Path(__file__).with_name(f"{file}_cases.jsonl")
        path.write_bytes(data)
        sys.stdout.write(f"{table(made, fields[2])}\n{path.name} sha256 {hashlib.sha256(data).hexdigest()}\n\n")


if __name__ == "__main__":
    main()
