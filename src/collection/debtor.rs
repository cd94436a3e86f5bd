//! Who owes.

choice! {
    /// Whether the law sees a business or a consumer in a debtor.
    Audience {
        /// A business.
        Business = "business",
        /// A natural person who does not act for a business; in the Netherlands the agencies' law (Wki) counts sole traders among them.
        Consumer = "consumer",
    }
}
