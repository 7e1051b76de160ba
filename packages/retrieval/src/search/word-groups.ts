/**
 * Words that people use for one thing, a group a line: a page calls paid leave what a question calls a vacation. General
 * English of offices, products and computers, written by hand, with the irregular forms that no stemmer joins. Whoever
 * uses it stems, so one form of a word is enough. Order within a group means nothing.
 */
const GROUPS = `
price cost fee charge rate amount tariff
pay paid payment reimburse refund compensate contribute
salary wage pay earnings income
cheap cheapest low lowest affordable inexpensive
expensive costly dear
free complimentary gratis
discount rebate reduction
money budget cash funds allowance
buy bought purchase order acquire procure
sell sold sale vend
offer quote quotation proposal bid
invoice bill
customer client buyer
supplier vendor seller
contract agreement deal
send sent shipping freight delivery postage transport dispatch
return refund exchange
warranty guarantee
vacation holiday leave absence
sick ill illness
doctor physician medical
parental maternity paternity
father dad paternity
mother mum mom maternity
child children kid baby birth
job work position role employment
hire recruit employ onboard
starter newcomer joiner
quit resign leave left terminate notice
dismiss fire terminate layoff
employee staff worker colleague personnel
boss manager supervisor lead head
company firm business organization organisation employer
office site premises building location
home remote telework
travel trip journey
train rail railway
flight fly flown plane airline
hotel accommodation lodging overnight
car vehicle drive
meal food lunch dinner breakfast
training course education learning
meeting met call conference
phone telephone mobile smartphone cellphone
email mail message
sms text
computer laptop pc notebook workstation machine
device unit machine equipment hardware
password passphrase credential pin
login logon log sign authenticate
logout logoff session
lock block disable
user account member person
access permission right privilege authorization
allow permit let
forbid forbidden prohibit ban disallow
require need mandatory obligatory compulsory
security safety protection
breach incident leak
attack hack phishing fraud scam
encrypt cipher
backup copy
delete remove erase wipe purge
keep kept retain store retention preserve save
lose lost loss
steal stolen theft
report notify tell told inform announce
contact reach call
help support assist
problem issue fault error failure defect trouble
repair fix mend
replace exchange swap substitute
break broken fail crash malfunction
outage blackout downtime cut
restart reboot reset
start begin began launch commence open
stop end halt finish cease abort cancel
install setup deploy
update upgrade patch
release version edition
configuration config setting option
default factory preset
command instruction
file document
folder directory
port socket
network connection internet uplink
offline disconnected unreachable
wireless wifi
battery cell power accumulator
charge recharge
temperature heat cold warm
cold freeze frozen low
hot warm high
accuracy accurate exact precise tolerance
measure reading
weight weigh heavy mass
size dimension large big
length long
height high tall
width wide
depth deep
speed fast quick rapid
memory storage capacity hold
limit maximum max cap ceiling
minimum min least lowest
duration long time period lifetime life
deadline due date
interval frequency
year annual
day daily
night overnight
share percentage percent proportion fraction ratio
number count amount quantity
average mean
increase rise grow raise growth
decrease fall drop reduce decline
profit earnings surplus
revenue turnover sales income
dividend payout
tax vat duty levy
approve approval authorise authorize sign
review check inspect audit examine
rule policy guideline regulation
law legal statute
plan subscription tier package
trial test try demo
feature function capability
school university college teaching education academic
hospital clinic ward pharmacy
city town
country nation state
found founder establish create
lead led leader head
win won victory beat defeat
die died death dead
born birth
kill murder
war battle conflict
king ruler monarch
author writer write written wrote
movie film
song music
build built construct
make made produce manufacture create
show display reveal
use utilise utilize employ
get got receive obtain
give gave given provide grant supply
choose chose chosen select pick
change modify alter switch
ask request demand
answer reply respond response
explain describe
mean stand signify
name call title
`;

/** Groups of words that mean much the same, in lower case. Search finds passages by them, core compares words with them. */
export const WORD_GROUPS: readonly (readonly string[])[] = GROUPS.trim()
  .split("\n")
  .map((line) => line.split(" "));
