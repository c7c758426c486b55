//! A FAQ with other ways to ask the same, and with other questions about the same things. Written for this measurement
//! before anything was fitted to it; none of it is in the sample documents.

pub(crate) struct Entry {
    pub(crate) question: &'static str,
    pub(crate) same: &'static [&'static str],
    pub(crate) different: &'static [&'static str],
}

pub(crate) fn entries() -> Vec<Entry> {
    let entry = |question, same, different| Entry { question, same, different };
    vec![
        entry(
            "How do I reset my password?",
            &["I forgot my password, what now?", "Where can I change a lost password?", "password reset"],
            &["How long must a password be?", "Who can see my password?"],
        ),
        entry(
            "What are the opening hours of the library?",
            &["When is the library open?", "library opening times", "At what time does the library close?"],
            &["Where is the library?", "How many books may I borrow from the library?"],
        ),
        entry(
            "Can I cancel an order after it has been shipped?",
            &["Is it possible to cancel when the parcel is already on its way?", "cancel a shipped order"],
            &["How do I track my order?", "What does shipping cost?"],
        ),
        entry(
            "How much does the monthly subscription cost?",
            &[
                "What is the price of a subscription per month?",
                "monthly subscription fee",
                "What do I pay every month?",
            ],
            &["How do I end my subscription?", "Which cards can I pay the subscription with?"],
        ),
        entry(
            "Do you ship to Canada?",
            &["Can I get a delivery in Canada?", "Is shipping to Canada available?"],
            &["Do you ship to Brazil?", "How long does shipping to Canada take?"],
        ),
        entry(
            "How do I enrol in the pension plan?",
            &["Where can I sign up for the pension plan?", "joining the pension scheme"],
            &["How much does the employer pay into the pension plan?", "At what age can I draw my pension?"],
        ),
        entry(
            "Who do I call when the heating is broken?",
            &["The heating does not work, whom can I phone?", "number for a broken heating"],
            &["How do I turn down the heating?", "What does heating cost in winter?"],
        ),
        entry(
            "What is the maximum size of an attachment?",
            &["How large may an attachment be?", "attachment size limit", "How big can attached files be?"],
            &["Which types of attachments are blocked?", "How do I open an attachment?"],
        ),
        entry(
            "May I park my car in the underground garage?",
            &["Is parking in the underground garage allowed?", "Can I leave my car in the garage below the building?"],
            &["What does a parking ticket cost?", "When is the garage cleaned?"],
        ),
        entry(
            "How do I connect to the VPN?",
            &["How can I set up a VPN connection?", "connecting to VPN from home"],
            &["Why is the VPN slow?", "Is the VPN allowed abroad?"],
        ),
        entry(
            "What is the notice period for quitting?",
            &["How long in advance must I resign?", "notice period resignation"],
            &["Whom do I hand my resignation to?", "Do I get a reference when I quit?"],
        ),
        entry(
            "How can I get a certificate of employment?",
            &["Where do I request proof of employment?", "I need a certificate of employment"],
            &["Who signs the employment contract?", "How do I get a certificate of insurance?"],
        ),
        entry(
            "Are dogs allowed in the hotel rooms?",
            &["Can I bring my dog to the hotel?", "May dogs stay in the room?"],
            &["Is breakfast served in the hotel rooms?", "Are children allowed in the pool?"],
        ),
        entry(
            "How many guests may I bring to the summer party?",
            &["What number of guests can come with me to the summer party?", "guests allowed at summer party"],
            &["When is the summer party?", "How many people work here?"],
        ),
        entry(
            "Where do I find the emergency exits?",
            &["Where are the emergency exits?", "location of emergency exits"],
            &["What number do I dial in an emergency?", "Where do I find the toilets?"],
        ),
        entry(
            "How is my personal data protected?",
            &["What do you do to protect my personal data?", "protection of personal data"],
            &["How do I have my personal data deleted?", "Who protects the building at night?"],
        ),
        entry(
            "What is the warranty on a bicycle?",
            &["How long is the warranty for bicycles?", "bicycle warranty"],
            &["Where can I have my bicycle repaired?", "What is the warranty on a tent?"],
        ),
        entry(
            "How do I add a second user to my account?",
            &["Can I add another user to my account?", "adding a user to an account"],
            &["How do I delete my account?", "How do I change the name of my account?"],
        ),
        entry(
            "When are salaries paid?",
            &["On which day do I receive my salary?", "When is payday?", "salary payment date"],
            &["How are salaries negotiated?", "Who decides on a bonus?"],
        ),
        entry(
            "Is there a discount for students?",
            &["Do students pay less?", "student discount"],
            &["Is there a discount for pensioners?", "Which documents prove that I am a student?"],
        ),
        entry(
            "How do I book a meeting room?",
            &["Where can I reserve a meeting room?", "booking a room for a meeting"],
            &[
                "How many people fit into the meeting room?",
                "Who won the world cup in 1998?",
                "What is the capital of Australia?",
                "How do volcanoes form?",
                "Write a poem about the sea",
                "What is the weather tomorrow?",
            ],
        ),
    ]
}
