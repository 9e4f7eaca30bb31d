//! A shop: goods come in, customers register and order, and not every order can be kept.

use serde_json::{Value, json};

use super::checkout;
use super::people::{full_name, handle};
use super::script::{Person, Script};
use crate::failure::Failure;

/// Article, name, minor units, and how many come in at first.
const ARTICLES: [(&str, &str, i64, i64); 8] = [
    ("kettle", "Copper kettle", 4_900, 40),
    ("lamp", "Reading lamp", 3_450, 40),
    ("rug", "Woven rug", 12_900, 12),
    ("mug", "Stoneware mug", 1_290, 150),
    ("chair", "Folding chair", 5_500, 30),
    ("clock", "Wall clock", 2_990, 25),
    ("globe", "Antique globe", 24_900, 3),
    ("candle", "Beeswax candle", 890, 200),
];
const CARRIERS: [&str; 3] = ["Pigeon Post", "Blue Van", "Nightrider"];
/// Orders for each unit of scale.
const ORDERS: usize = 80;
const CUSTOMERS: usize = 12;

/// An order while it is handled.
pub(super) struct Order {
    /// Its id.
    pub(super) id: String,
    /// Whose it is.
    pub(super) customer: Person,
    /// Articles and quantities.
    pub(super) lines: Vec<(String, i64)>,
    /// Minor units.
    pub(super) total: i64,
    /// What the gateway knows the means of payment by.
    pub(super) payment: &'static str,
}

/// What is left to do with an order.
enum Next {
    Ship,
    Deliver,
}

/// The shop while it is open.
pub(super) struct Shop<'a, 'c> {
    /// Where all of it is written.
    pub(super) script: &'a mut Script<'c>,
    staff: Person,
    customers: Vec<Person>,
    open: Vec<(Order, Next)>,
}

/// Writes the shop's story.
pub(super) fn write(script: &mut Script<'_>, scale: u32) -> Result<(), Failure> {
    let staff = Person::new(script.own("warehouse"), "staff");
    let mut shop = Shop { script, staff, customers: Vec::new(), open: Vec::new() };
    for (sku, _, _, quantity) in ARTICLES {
        shop.stock(sku, "ReceiveStock", json!({"quantity": quantity * i64::from(scale)}))?;
    }
    for n in 0..CUSTOMERS * scale as usize {
        shop.register(n)?;
    }
    for n in 0..ORDERS * scale as usize {
        shop.order(n)?;
        while shop.open.len() > 6 || (shop.script.chance(40) && !shop.open.is_empty()) {
            shop.go_on()?;
        }
        if shop.script.chance(6) {
            shop.count()?;
        }
    }
    while !shop.open.is_empty() {
        shop.go_on()?;
    }
    shop.quarrel_about_an_email()
}

impl Shop<'_, '_> {
    fn email(&self, n: usize) -> String {
        format!("{}@{}.example", handle(n), self.script.tag)
    }

    fn register(&mut self, n: usize) -> Result<(), Failure> {
        let customer = Person::new(self.script.own(handle(n)), "customer");
        let data = json!({"name": full_name(n), "email": self.email(n)});
        self.script.send(&customer, &format!("customer/{}", customer.sub), "RegisterCustomer", data)?;
        self.customers.push(customer);
        Ok(())
    }

    fn order(&mut self, n: usize) -> Result<(), Failure> {
        let customer = self.customers[self.script.dice.usize(0..self.customers.len())].clone();
        let count = self.script.dice.usize(1..4);
        let mut articles = ARTICLES;
        self.script.dice.shuffle(&mut articles);
        let chosen: Vec<_> = articles[..count].iter().map(|article| (article, self.script.dice.i64(1..4))).collect();
        let total = chosen.iter().map(|((_, _, price, _), quantity)| price * quantity).sum();
        let lines: Vec<Value> = chosen
            .iter()
            .map(|((sku, name, price, _), quantity)| {
                let price = json!({"amount": price, "currency": "EUR"});
                json!({"sku": self.script.own(sku), "name": name, "quantity": quantity, "unitPrice": price})
            })
            .collect();
        let payment = if self.script.chance(12) { "tok_declined" } else { "tok_ok" };
        let id = self.script.own(format_args!("o-{}", n + 1));
        let data = json!({"customer": customer.sub, "lines": lines, "paymentToken": payment});
        self.script.send(&customer, &format!("order/{id}"), "PlaceOrder", data)?;
        let lines = chosen.iter().map(|((sku, ..), quantity)| (self.script.own(sku), *quantity)).collect();
        let order = Order { id, customer, lines, total, payment };
        if self.script.chance(5) {
            // paid twice by a double click: the id is taken, and the order stays as it was
            let again = json!({"customer": order.customer.sub, "paymentToken": payment,
                "lines": [{"sku": order.lines[0].0, "name": "again", "quantity": 1,
                           "unitPrice": {"amount": 100, "currency": "EUR"}}]});
            let customer = order.customer.clone();
            self.script.send(&customer, &format!("order/{}", order.id), "PlaceOrder", again)?;
        }
        if self.script.chance(5) {
            self.script.send(
                &order.customer,
                &format!("order/{}", order.id),
                "CancelOrder",
                json!({"reason": "a slip"}),
            )?;
        }
        if checkout::play(self.script, &order)? {
            self.open.push((order, Next::Ship));
        }
        Ok(())
    }

    /// Some order is shipped, delivered, or called off.
    fn go_on(&mut self) -> Result<(), Failure> {
        let (order, next) = self.open.remove(self.script.dice.usize(0..self.open.len()));
        let stream = format!("order/{}", order.id);
        if self.script.chance(7) {
            let reason = json!({"reason": "it takes too long"});
            let came = self.script.send(&order.customer, &stream, "CancelOrder", reason)?;
            if !came.is_rejected() {
                return checkout::give_back(self.script, &order);
            }
        }
        match next {
            Next::Ship => {
                if self.script.chance(4) {
                    self.script.send(&self.staff, &stream, "DeliverOrder", json!({}))?;
                }
                let carrier = self.script.one(&CARRIERS);
                let tracking = format!("T-{:06}", self.script.dice.u32(0..1_000_000));
                let data = json!({"carrier": carrier, "tracking": tracking});
                self.script.send(&self.staff, &stream, "ShipOrder", data)?;
                self.open.push((order, Next::Deliver));
            }
            Next::Deliver => {
                self.script.send(&self.staff, &stream, "DeliverOrder", json!({}))?;
                self.reward(&order)?;
            }
        }
        Ok(())
    }

    /// A point for each euro; who asks for more than there is gets nothing.
    fn reward(&mut self, order: &Order) -> Result<(), Failure> {
        let stream = format!("customer/{}", order.customer.sub);
        let data = json!({"points": order.total / 100, "reason": format!("order {}", order.id)});
        self.script.send(&self.staff, &stream, "AddReward", data)?;
        if self.script.chance(20) {
            let points = self.script.dice.u32(50..400);
            self.script.send(&order.customer, &stream, "RedeemReward", json!({"points": points}))?;
        }
        Ok(())
    }

    /// Somebody counts, or goods come in.
    fn count(&mut self) -> Result<(), Failure> {
        let (sku, ..) = ARTICLES[self.script.dice.usize(0..ARTICLES.len())];
        if self.script.chance(50) {
            let quantity = self.script.dice.i64(2..10);
            self.stock(sku, "ReceiveStock", json!({"quantity": quantity}))
        } else {
            self.stock(sku, "AdjustStock", json!({"delta": -1, "reason": "broken on the shelf"}))
        }
    }

    fn stock(&mut self, sku: &str, kind: &'static str, data: Value) -> Result<(), Failure> {
        self.script.send(&self.staff, &format!("stock/{}", self.script.own(sku)), kind, data).map(drop)
    }

    /// An email is one customer's at a time: another gets it once it is free, and a slip is undone.
    fn quarrel_about_an_email(&mut self) -> Result<(), Failure> {
        let late = Person::new(self.script.own("latecomer"), "customer");
        let stream = format!("customer/{}", late.sub);
        let register = json!({"name": "Lara Latecomer", "email": self.email(0).to_uppercase()});
        self.script.send(&late, &stream, "RegisterCustomer", register.clone())?;
        let first = self.customers[0].clone();
        let theirs = format!("customer/{}", first.sub);
        let moved = json!({"email": format!("new-{}", self.email(0)), "phone": "+49 30 5550123"});
        self.script.send(&first, &theirs, "UpdateCustomer", moved)?;
        self.script.send(&late, &stream, "RegisterCustomer", register)?;
        // the address as it was is another's by now; the name of the first version is not
        self.script.send(&first, &theirs, "RestoreCustomer", json!({"version": 1}))?;
        self.script.send(&late, &stream, "DeleteCustomer", json!({}))?;
        self.script.send(&first, &theirs, "RestoreCustomer", json!({"version": 1})).map(drop)
    }
}
